// The last back-up, as the back-up script has marked it. Pure.
import { HOUR } from '../platform/time/durations.ts'
import { relativeText } from '../platform/time/relative-text.ts'

/** A day, and two hours for a back-up that takes longer than the one before. As in docs/deploy/alerts.yml. */
const LATE_MS = 26 * HOUR

export interface BackupView {
  last: { at: Date; ago: string } | null
  late: boolean
}

export function backupView(last: Date | null, now: Date): BackupView {
  if (!last) return { last: null, late: true }
  return {
    last: { at: last, ago: relativeText(last, now) },
    late: now.getTime() - last.getTime() > LATE_MS,
  }
}
