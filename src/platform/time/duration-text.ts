// Durations as text. Pure.
import { DAY, HOUR, MINUTE, SECOND } from './durations.ts'

const UNITS = [
  ['day', DAY],
  ['hour', HOUR],
  ['minute', MINUTE],
] as const

/** '1 hour 30 minutes', rounded up to the minute. */
export function durationText(milliseconds: number): string {
  let left = Math.max(1, Math.ceil(milliseconds / MINUTE)) * MINUTE
  const parts: string[] = []
  for (const [unit, length] of UNITS) {
    const count = Math.floor(left / length)
    left -= count * length
    if (count > 0) parts.push(`${count} ${unit}${count === 1 ? '' : 's'}`)
  }
  return parts.join(' ')
}

export function ageText(milliseconds: number): string {
  if (milliseconds >= MINUTE) return durationText(milliseconds)
  const seconds = Math.max(0, Math.round(milliseconds / SECOND))
  return `${seconds} second${seconds === 1 ? '' : 's'}`
}
