// Conversion between instants and local time. Pure.
import { HOUR, SECOND } from './durations.ts'

/** Of a repeated local time the first instant. A skipped local time is moved by the length of the gap. */
export function instantIn(timeZone: string, shown: number): Date {
  const offsetAt = (instant: number) => shownIn(timeZone, instant) - instant
  // No offset exceeds 15 hours, so these are before and after a change of the offset.
  const before = shown - offsetAt(shown - 15 * HOUR)
  const after = shown - offsetAt(shown + 15 * HOUR)
  return new Date([before, after].find((instant) => shownIn(timeZone, instant) === shown) ?? before)
}

export function shownIn(timeZone: string, instant: number): number {
  if (timeZone === 'UTC') return instant
  const whole = Math.floor(instant / SECOND) * SECOND
  const parts = Object.fromEntries(
    formatOf(timeZone)
      .formatToParts(whole)
      .map(({ type, value }) => [type, Number(value)]),
  )
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second) + (instant - whole)
}

/** Creating a format takes a hundred times as long as using it. */
const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone)
  if (known) return known
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  formats.set(timeZone, format)
  return format
}
