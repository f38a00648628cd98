// How a user stands, in the one word of a list: what keeps them out comes first. Pure.
import { DAY, HOUR, MINUTE } from '../platform/time/durations.ts'

export interface StatusFacts {
  status: 'invited' | 'active' | 'disabled'
  lockedUntil: Date | null
  /** The latest; null if none was sent. */
  invitation: { expiresAt: Date; usedAt: Date | null } | null
  enrolled: boolean
  /** Too many wrong codes in a row: only a reset helps. */
  authenticatorDisabled: boolean
  mfaRequired: boolean
}

export interface CombinedStatus {
  text: string
  tone: 'good' | 'bad' | 'plain'
}

export function combinedStatus(facts: StatusFacts, now: Date): CombinedStatus {
  const { status, lockedUntil, enrolled } = facts
  if (status === 'disabled') return { text: 'Disabled', tone: 'plain' }
  if (lockedUntil && lockedUntil > now)
    return { text: `Locked ${shortDuration(lockedUntil.getTime() - now.getTime())}`, tone: 'bad' }
  if (status === 'invited') return invitedStatus(facts.invitation, now)
  if (facts.authenticatorDisabled) return { text: 'Needs a reset', tone: 'bad' }
  if (enrolled) return { text: 'Enrolled', tone: 'good' }
  return facts.mfaRequired ? { text: 'Overdue', tone: 'bad' } : { text: 'Not enrolled', tone: 'plain' }
}

function invitedStatus(invitation: StatusFacts['invitation'], now: Date): CombinedStatus {
  if (!invitation) return { text: 'Not invited yet', tone: 'bad' }
  if (invitation.usedAt) return { text: 'Invited, setting up', tone: 'plain' }
  const leftMs = invitation.expiresAt.getTime() - now.getTime()
  if (leftMs <= 0) return { text: 'Invitation expired', tone: 'bad' }
  return { text: `Invited, ${timeLeft(leftMs)} left`, tone: 'plain' }
}

function timeLeft(milliseconds: number): string {
  const [count, unit] =
    milliseconds > DAY ? [Math.ceil(milliseconds / DAY), 'day'] : [Math.ceil(milliseconds / HOUR), 'hour']
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

/** '12 min' or '3 h', rounded up. */
function shortDuration(milliseconds: number): string {
  const minutes = Math.ceil(milliseconds / MINUTE)
  return minutes <= 90 ? `${minutes} min` : `${Math.ceil(milliseconds / HOUR)} h`
}
