// Instants as text, in the reader's time zone or in UTC. Pure.
import { MINUTE as MINUTE_MS } from './durations.ts'

const MINUTE = {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
} as const
const TIME = { hour: '2-digit', minute: '2-digit' } as const
const DAY = { day: 'numeric', month: 'short' } as const

/** Creating a format takes a hundred times as long as using it. */
const minutes = new Map<string, Intl.DateTimeFormat>()
const times = new Map<string, Intl.DateTimeFormat>()
const days = new Map<string, Intl.DateTimeFormat>()

/** '24 Nov 2026, 09:15 CET'. Throws RangeError for an unknown time zone. */
export function instantText(instant: Date, timeZone = 'UTC'): string {
  const format = formatOf(minutes, timeZone, { ...MINUTE, timeZoneName: 'short' })
  return format.format(instant)
}

/** For end times: at the displayed minute the time has passed. */
export function upToMinute(instant: Date): Date {
  return new Date(Math.ceil(instant.getTime() / MINUTE_MS) * MINUTE_MS)
}

export function dayText(instant: Date, timeZone: string): string {
  return formatOf(days, timeZone, DAY).format(instant)
}

/** '09:15' */
export function timeText(instant: Date, timeZone: string): string {
  return formatOf(times, timeZone, TIME).format(instant)
}

export function exactText(instant: Date): string {
  return `${instant.toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

function formatOf(
  formats: Map<string, Intl.DateTimeFormat>,
  timeZone: string,
  options: Intl.DateTimeFormatOptions,
): Intl.DateTimeFormat {
  const known = formats.get(timeZone)
  if (known) return known
  const format = new Intl.DateTimeFormat('en-GB', { ...options, timeZone })
  formats.set(timeZone, format)
  return format
}
