// When failed attempts are mailed, and to whom besides the user. Pure.
import { DAY, HOUR, MINUTE } from '../platform/time/durations.ts'

/** A sign-in without an accepted code so long after a wrong one is abandoned. It cannot go on: it lives ten minutes. */
export const ABANDONED_AFTER_MS = 15 * MINUTE

/** One wrong code sends no mail. At the second in a row the user is warned at once. */
export function warnsAtOnce(wrongCodesInARow: number): boolean {
  return wrongCodesInARow >= 2
}

/** A user is warned of wrong codes once within this time. */
export const WARN_USER_EVERY_MS = HOUR

export const LOCKS_WITHIN_MS = DAY

/** The locks of one person within LOCKS_WITHIN_MS, passwords and codes together. */
export function locksAreRepeated(locks: number): boolean {
  return locks >= 3
}

export const BURST_WITHIN_MS = HOUR

/** Below it no account has a burst, whatever its size. */
export const FEWEST_IN_A_BURST = 5
const MOST_PEOPLE = 100
const ONE_IN = 50

/**
 * Whether the people of an account who failed within BURST_WITHIN_MS and have not succeeded since are so many that
 * mistyping does not explain it: five of them, in larger accounts one person in fifty, and never more than a hundred.
 */
export function isBurst({ failing, active }: { failing: number; active: number }): boolean {
  return failing >= Math.min(MOST_PEOPLE, Math.max(FEWEST_IN_A_BURST, Math.ceil(active / ONE_IN)))
}

/** The helpers of a person, or of an account, are mailed once within this time. */
export const WARN_HELPERS_EVERY_MS = DAY

/** So many people of one account are mailed about each day. A burst has a mail of its own. */
export const LOCKED_PEOPLE_MAILED = 10
