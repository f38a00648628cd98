// When the days of a reader begin. Pure.

/**
 * The instants at which the last `count` days began in that time zone, oldest first; the last of them is today.
 * A day has 23, 24 or 25 hours; where a change of the clock skips midnight, it begins an hour late.
 */
export function dayStarts(now: Date, timeZone: string, count: number): Date[] {
  const clock = clockOf(timeZone)
  const today = new Date(clock(now.getTime()))
  return Array.from({ length: count }, (_, index) => {
    const daysAgo = count - 1 - index
    const midnight = Date.UTC(today.getUTCFullYear(), today.getUTCMonth(), today.getUTCDate() - daysAgo)
    return new Date(instantOf(midnight, clock))
  })
}

/** Milliseconds since 1970 → what a clock there shows, as if it were UTC. */
type Clock = (instant: number) => number

/** The instant at which the clock shows `shown`, or, where it skips that, the first one after it. */
function instantOf(shown: number, clock: Clock): number {
  const offsetOf = (instant: number) => clock(instant) - instant
  const before = shown - offsetOf(shown - NOON)
  const after = shown - offsetOf(shown + NOON)
  return clock(before) === shown ? before : Math.max(after, clock(after) === shown ? after : before)
}

const NOON = 12 * 60 * 60 * 1000

const formats = new Map<string, Intl.DateTimeFormat>()

function clockOf(timeZone: string): Clock {
  const format = formats.get(timeZone) ?? newFormat(timeZone)
  formats.set(timeZone, format)
  return (instant) => {
    const parts = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, value]))
    return Date.UTC(
      Number(parts.year),
      Number(parts.month) - 1,
      Number(parts.day),
      Number(parts.hour),
      Number(parts.minute),
      Number(parts.second),
    )
  }
}

function newFormat(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
}
