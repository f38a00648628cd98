// The days of a reader. Pure.
import { DAY } from '../platform/time/durations.ts'
import { instantIn, shownIn } from '../platform/time/zone-clock.ts'

/** The starts of the last `count` days, oldest first. A day whose midnight the clock change skips begins an hour late. */
export function dayStarts(now: Date, timeZone: string, count: number): Date[] {
  const shown = shownIn(timeZone, now.getTime())
  const today = Math.floor(shown / DAY) * DAY
  return Array.from({ length: count }, (_, index) => instantIn(timeZone, today - (count - 1 - index) * DAY))
}
