// What the clocks of a time zone show, and when they show it. Pure.
import { HOUR, SECOND } from './durations.ts'

/**
 * The instant at which the clocks there show `shown` (milliseconds, as if it were UTC): the first one where a change
 * of the clocks repeats that; where it skips that, as much later as they jump.
 */
export function instantIn(timeZone: string, shown: number): Date {
  const offsetAt = (instant: number) => shownIn(timeZone, instant) - instant
  // No clock is further from UTC: the one is before, the other after whatever change there may be.
  const before = shown - offsetAt(shown - 15 * HOUR)
  const after = shown - offsetAt(shown + 15 * HOUR)
  return new Date([before, after].find((instant) => shownIn(timeZone, instant) === shown) ?? before)
}

/** What the clocks there show at an instant, as if it were UTC. */
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

/** Making a format takes a hundred times as long as using it. There are no more than there are time zones. */
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
