// A day or an instant in ISO 8601. Pure.
import { DAY, MINUTE, SECOND } from '../platform/time/durations.ts'
import { instantIn } from '../platform/time/zone-clock.ts'

const WRITTEN =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(Z|[+ -]\d{2}:?\d{2})?)?$/i
/** Outside these years PostgreSQL and JavaScript differ in notation. */
const EARLIEST_YEAR = 1900
const LATEST_YEAR = 9990

/** '2026-11-24' is a whole day, '2026-11-24T08:15' an instant. Null if there is no such day or time. */
export function readMoment(text: string, timeZone: string): { start: Date; end: Date } | null {
  const [, year, month, day, hour, minute, second, fraction, offset] = WRITTEN.exec(text) ?? []
  if (year === undefined) return null
  const ms = Math.floor(Number(`0.${fraction ?? 0}`) * SECOND)
  const shown = utc(Number(year), Number(month), Number(day), Number(hour ?? 0), Number(minute ?? 0))
  if (shown === null || Number(second ?? 0) > 59) return null
  const clock = shown + Number(second ?? 0) * SECOND + ms

  if (hour === undefined) return { start: instantIn(timeZone, clock), end: instantIn(timeZone, clock + DAY) }
  const start = offset === undefined ? instantIn(timeZone, clock) : new Date(clock - offsetOf(offset))
  return { start, end: new Date(start.getTime() + 1) }
}

/** Null for 30 February, which Date.UTC would read as a day in March. */
function utc(year: number, month: number, day: number, hour: number, minute: number): number | null {
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute)
  const same = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && date.getUTCHours() === hour
  const known = year >= EARLIEST_YEAR && year <= LATEST_YEAR
  return same && known && minute < 60 ? date.getTime() : null
}

/** Milliseconds of '+01:00'. A plus sign in an address arrives as a blank. */
function offsetOf(offset: string): number {
  if (/^z$/i.test(offset)) return 0
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(-2))
  return minutes * MINUTE * (offset.startsWith('-') ? -1 : 1)
}
