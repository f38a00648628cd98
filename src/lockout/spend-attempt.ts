import type { Deps } from '../deps.ts'
import { enqueue } from '../outbox/enqueue.ts'
import { lockoutPolicyOf } from './lockout-policy-of.ts'
import { type LockoutKey, readLockout, type StoredLockout } from './lockouts.queries.ts'
import { type Attempt, spend } from './policy.ts'
import { saveLockout } from './save-lockout.ts'

export interface SpentAttempt {
  refused: false
  spentAt: Date
  /** Set if this attempt locks, unless its secret turns out right. */
  locksUntil: Date | null
  /** As stored now: what a later change may start from. */
  stored: StoredLockout
}

/**
 * Spends an attempt and commits it before the secret is checked, so that 200 parallel guesses get 5 checks
 * and no failing request gives one back. `known`: the state, if the request has just read it.
 */
export async function spendAttempt(
  { db, clock, config }: Deps,
  key: LockoutKey,
  known: StoredLockout,
  disabledAt?: number,
): Promise<SpentAttempt | Extract<Attempt, { refused: true }>> {
  const policy = lockoutPolicyOf(config)
  for (let read = known; ; read = await readLockout(db, key)) {
    const now = clock.now()
    const attempt = spend(read, now, policy, disabledAt)
    if (attempt.refused) return attempt

    const { state, locksUntil } = attempt
    const saved = locksUntil
      ? await db.transaction(async (tx) => {
          const won = await saveLockout(tx, key, read, state, now)
          if (won) await enqueue(tx, 'end-lockout', key, locksUntil)
          return won
        })
      : await saveLockout(db, key, read, state, now)
    if (saved)
      return { refused: false, spentAt: now, locksUntil, stored: { ...state, version: read.version + 1 } }
  }
}
