// How long ago something was. Pure.
import { DAY, HOUR, MINUTE } from './durations.ts'

const format = new Intl.RelativeTimeFormat('en-GB', { numeric: 'always' })

const UNITS = [
  ['year', 365 * DAY],
  ['month', 30 * DAY],
  ['day', DAY],
  ['hour', HOUR],
  ['minute', MINUTE],
] as const

/** '3 days ago', rounded down; 'just now' within the minute. */
export function relativeText(at: Date, now: Date): string {
  const ageMs = now.getTime() - at.getTime()
  for (const [unit, length] of UNITS)
    if (ageMs >= length) return format.format(-Math.floor(ageMs / length), unit)
  return 'just now'
}
