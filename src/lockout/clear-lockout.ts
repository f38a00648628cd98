import { type Origin, record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { changeLockout } from './change-lockout.ts'
import type { LockoutKey, StoredLockout } from './lockouts.queries.ts'
import { lockInForce, NO_FAILURES } from './policy.ts'

/**
 * Forgets the attempts on a secret that is no more. A lock in force ends with that, which is recorded. `known`: the
 * state, if just read.
 */
export async function clearLockout(
  tx: Transaction,
  key: LockoutKey,
  by: {
    at: Date
    clientId: string
    actorId: string | null
    origin: Origin
    through: 'mfa-reset' | 'reset-link'
  },
  known?: StoredLockout,
): Promise<void> {
  const { through, ...event } = by
  let wasLocked = false
  const forget = (state: StoredLockout) => {
    wasLocked = lockInForce(state, by.at) !== null
    return NO_FAILURES
  }
  await changeLockout(tx, key, by.at, forget, known)
  if (wasLocked)
    await record(tx, {
      ...event,
      action: 'lockout.ended',
      outcome: 'success',
      subjectId: key.subject,
      details: { kind: key.kind, through },
    })
}
