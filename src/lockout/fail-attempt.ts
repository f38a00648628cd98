import type { Deps } from '../deps.ts'
import type { Origin } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { enqueue } from '../platform/outbox/enqueue.ts'
import { changeLockout } from './change-lockout.ts'
import { lockoutPolicyOf } from './lockout-policy-of.ts'
import type { LockoutKey } from './lockouts.queries.ts'
import { type Failed, fail, NO_FAILURES } from './policy.ts'
import { type LockedPerson, recordLockout } from './record-lockout.ts'

/**
 * Counts a spent attempt as failed. A lock that begins with it is recorded, its end is queued and its user gets a
 * mail, all in this transaction.
 */
export async function failAttempt(
  tx: Transaction,
  { config }: Pick<Deps, 'config'>,
  attempt: { key: LockoutKey; spentAt: Date; person: LockedPerson | null; now: Date; origin: Origin },
): Promise<Failed> {
  const { key, spentAt, person, now, origin } = attempt
  const policy = lockoutPolicyOf(config, key.kind)
  let failed: Failed = { state: NO_FAILURES, locksUntil: null }
  await changeLockout(tx, key, now, (state) => {
    failed = fail(state, spentAt, now, policy)
    return failed.state
  })
  const { locksUntil } = failed
  if (locksUntil) {
    await enqueue(tx, 'end-lockout', key, locksUntil)
    const knownBrowser = person && person.id !== key.subject ? key.subject : null
    await recordLockout(tx, {
      at: now,
      kind: key.kind,
      person,
      knownBrowser,
      lockedUntil: locksUntil,
      origin,
    })
  }
  return failed
}
