import { type Origin, record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { changeLockout } from './change-lockout.ts'
import type { LockoutKey } from './lockouts.queries.ts'
import { lockInForce, NO_FAILURES } from './policy.ts'

/** Clears the attempts on a replaced or revoked secret. Records the end of a lock in force. */
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
): Promise<void> {
  const { through, ...event } = by
  let wasLocked = false
  await changeLockout(tx, key, by.at, (state) => {
    wasLocked = lockInForce(state, by.at) !== null
    return NO_FAILURES
  })
  if (wasLocked)
    await record(tx, {
      ...event,
      action: 'lockout.ended',
      outcome: 'success',
      subjectId: key.subject,
      details: { kind: key.kind, through },
    })
}
