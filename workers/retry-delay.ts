import { MINUTE, SECOND } from '../src/platform/time/durations.ts'

export const LONGEST_RETRY_DELAY_MS = 5 * MINUTE

/** Milliseconds before the next attempt: 1 s, 2 s, 4 s … up to 5 minutes, with jitter of a quarter. */
export function retryDelay(attemptsMade: number, random: () => number = Math.random): number {
  const full = Math.min(SECOND * 2 ** (attemptsMade - 1), LONGEST_RETRY_DELAY_MS)
  return Math.round(full * (1 - random() / 4))
}
