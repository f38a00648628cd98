// A day or an instant in ISO 8601, as a reader writes it. Pure.
import { Temporal } from 'temporal-polyfill'

const DAY = /^\d{4}-\d{2}-\d{2}$/
const TIME = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?$/i
/** A plus sign in an address arrives as a blank. */
const OFFSET = /(z|[+ -]\d{2}:?\d{2})$/i
/** Outside these years PostgreSQL and JavaScript differ in notation. */
const EARLIEST_YEAR = 1900
const LATEST_YEAR = 9990

/** '2026-11-24' is a whole day, '2026-11-24T08:15' an instant. Null if there is no such day or time. */
export function readMoment(text: string, timeZone: string): { start: Date; end: Date } | null {
  try {
    if (DAY.test(text)) return readDay(text, timeZone)
    const start = readInstant(text, timeZone)
    return start && { start, end: new Date(start.getTime() + 1) }
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

/** '2026-11-24T08:15' in a time zone, as `readMoment` and fields of forms take it. */
export function localText(instant: Date, timeZone: string): string {
  const local = Temporal.Instant.fromEpochMilliseconds(instant.getTime()).toZonedDateTimeISO(timeZone)
  return local.toPlainDateTime().toString({ smallestUnit: 'minute' })
}

function readDay(text: string, timeZone: string) {
  const day = Temporal.PlainDate.from(text)
  const startOf = (date: Temporal.PlainDate) => new Date(date.toZonedDateTime(timeZone).epochMilliseconds)
  return isKnown(day) ? { start: startOf(day), end: startOf(day.add({ days: 1 })) } : null
}

/** A local time that clocks repeat is the first one; one that they skip is moved by the length of the gap. */
function readInstant(text: string, timeZone: string): Date | null {
  const [offset] = TIME.test(text) ? [] : (OFFSET.exec(text) ?? [])
  const local = offset === undefined ? text : text.slice(0, -offset.length)
  // Temporal would round a leap second down.
  if (!TIME.test(local) || /:60/.test(local)) return null
  const shown = Temporal.PlainDateTime.from(local)
  if (!isKnown(shown)) return null
  const zone = offset === undefined ? timeZone : /^z$/i.test(offset) ? 'UTC' : offset.replace(' ', '+')
  return new Date(shown.toZonedDateTime(zone).epochMilliseconds)
}

function isKnown({ year }: { year: number }): boolean {
  return year >= EARLIEST_YEAR && year <= LATEST_YEAR
}
