// How a user stands, in the few words of a list: what keeps them out comes first. Pure.
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

/**
 * The sections of a list sorted by status, in its order. 'Needs a reset' is shown among the enrolled: the index that the
 * list is read from does not tell them apart.
 */
export const SECTIONS = ['locked', 'overdue', 'invited', 'enrolled', 'not-enrolled', 'disabled'] as const
export type Section = (typeof SECTIONS)[number]

export function sectionOf({
  status,
  locked,
  enrolled,
  mfaRequired,
}: Pick<StatusFacts, 'status' | 'enrolled' | 'mfaRequired'> & { locked: boolean }): Section {
  if (status === 'disabled') return 'disabled'
  if (locked) return 'locked'
  if (status === 'invited') return 'invited'
  if (enrolled) return 'enrolled'
  return mfaRequired ? 'overdue' : 'not-enrolled'
}

export interface CombinedStatus {
  text: string
  tone: 'good' | 'bad' | 'plain'
}

export function combinedStatus(facts: StatusFacts, now: Date): CombinedStatus {
  const lockedMs = facts.lockedUntil ? facts.lockedUntil.getTime() - now.getTime() : 0
  switch (sectionOf({ ...facts, locked: lockedMs > 0 })) {
    case 'locked':
      return { text: `Locked ${shortDuration(lockedMs)}`, tone: 'bad' }
    case 'overdue':
      return { text: 'Overdue', tone: 'bad' }
    case 'invited':
      return invitedStatus(facts.invitation, now)
    case 'enrolled':
      return facts.authenticatorDisabled
        ? { text: 'Needs a reset', tone: 'bad' }
        : { text: 'Enrolled', tone: 'good' }
    case 'not-enrolled':
      return { text: 'Not enrolled', tone: 'plain' }
    case 'disabled':
      return { text: 'Disabled', tone: 'plain' }
  }
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
