// The days of a reader. Pure.
import { Temporal } from 'temporal-polyfill'

/** The starts of the last `count` days, oldest first. A day whose midnight the clock change skips begins an hour late. */
export function dayStarts(now: Date, timeZone: string, count: number): Date[] {
  const today = Temporal.Instant.fromEpochMilliseconds(now.getTime())
    .toZonedDateTimeISO(timeZone)
    .toPlainDate()
  return Array.from({ length: count }, (_, index) => {
    const day = today.subtract({ days: count - 1 - index })
    return new Date(day.toZonedDateTime(timeZone).epochMilliseconds)
  })
}
