// When the days of a reader begin. Pure.
import { DAY } from '../platform/time/durations.ts'
import { instantIn, shownIn } from '../platform/time/zone-clock.ts'

/**
 * The instants at which the last `count` days began in that time zone, oldest first; the last of them is today.
 * A day has 23, 24 or 25 hours; where a change of the clock skips midnight, it begins an hour late.
 */
export function dayStarts(now: Date, timeZone: string, count: number): Date[] {
  const shown = shownIn(timeZone, now.getTime())
  const today = Math.floor(shown / DAY) * DAY
  return Array.from({ length: count }, (_, index) => instantIn(timeZone, today - (count - 1 - index) * DAY))
}
