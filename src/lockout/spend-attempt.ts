import type { Deps } from '../deps.ts'
import { NO_REQUEST } from '../platform/audit/record.ts'
import { currentDeadline, withoutDeadline } from '../platform/db/deadline.ts'
import { changeLockout, saveLockout } from './change-lockout.ts'
import { failAttempt } from './fail-attempt.ts'
import { lockoutPolicyOf } from './lockout-policy-of.ts'
import { type LockoutKey, readLockout, type StoredLockout } from './lockouts.queries.ts'
import { type Attempt, giveBack, spend } from './policy.ts'
import type { LockoutOwner } from './record-lockout.ts'
import { letNextTry, takeTurns } from './take-turns.ts'

export interface SpentAttempt {
  answer: 'spent'
  key: LockoutKey
  spentAt: Date
  stored: StoredLockout
}

/** Commits an attempt before its check, so that 200 parallel guesses get 5 checks. Throws StillCheckingError. */
export async function spendAttempt(
  deps: Deps,
  { key, known, person }: { key: LockoutKey; known: StoredLockout; person: LockoutOwner | null },
  disabledAt?: number,
): Promise<SpentAttempt | Extract<Attempt, { answer: 'refused' }>> {
  const { db, clock, config } = deps
  const policy = lockoutPolicyOf(config, key.kind)
  let read: StoredLockout | null = known
  return takeTurns(lineOf(key), async () => {
    for (;;) {
      read ??= await readLockout(db, key)
      const now = clock.now()
      const attempt = spend(read, now, policy, disabledAt)
      if (attempt.answer === 'refused') return attempt
      const before = read
      read = null
      if (attempt.answer === 'wait') return 'wait'
      if (attempt.answer === 'overdue') {
        const { spentAt } = attempt
        await db.transaction((tx) => failAttempt(tx, deps, { key, spentAt, person, now, origin: NO_REQUEST }))
      } else if (await withoutDeadline(() => saveLockout(db, key, before, attempt.state, now))) {
        const stored = { ...attempt.state, version: before.version + 1 }
        const spent: SpentAttempt = { answer: 'spent', key, spentAt: now, stored }
        // The time of the request may have passed while the attempt was stored.
        await givingBackOnError(deps, spent, async () => currentDeadline()?.check())
        return spent
      }
    }
  })
}

/** Runs work whose error tells nothing about the secret: then the attempt is given back. */
export async function givingBackOnError<Result>(
  deps: Deps,
  attempt: SpentAttempt,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    await giveBackAttempt(deps, attempt)
    throw error
  }
}

/** Gives a spent attempt back, also after the deadline of the request. */
export function giveBackAttempt({ db, clock }: Deps, { key, spentAt }: SpentAttempt): Promise<void> {
  return withoutDeadline(() => changeLockout(db, key, clock.now(), (state) => giveBack(state, spentAt)))
}

/** Runs the check of a spent attempt, then wakes the attempts that wait. */
export async function whileUnderWay<Outcome>(
  { key }: SpentAttempt,
  check: () => Promise<Outcome>,
): Promise<Outcome> {
  try {
    return await check()
  } finally {
    letNextTry(lineOf(key))
  }
}

function lineOf({ kind, subject }: LockoutKey): string {
  return `${kind} ${subject}`
}
