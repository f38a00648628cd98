import { durationText } from '../time/duration-text.ts'
import { MINUTE, SECOND } from '../time/durations.ts'

/** Milliseconds as an age in words: '12 seconds', from a minute on '3 hours 5 minutes'. */
export function ageText(milliseconds: number): string {
  if (milliseconds >= MINUTE) return durationText(milliseconds)
  const seconds = Math.max(0, Math.round(milliseconds / SECOND))
  return `${seconds} second${seconds === 1 ? '' : 's'}`
}
