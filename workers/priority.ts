// The priority of a job in its queue. Pure.
import type { NotificationKind } from '../src/platform/mail/kinds.ts'

const URGENCIES = ['awaited', 'usual', 'bulk'] as const
type Urgency = (typeof URGENCIES)[number]

const URGENCY_OF: { readonly [Kind in NotificationKind]?: Urgency } = {
  'password-reset': 'awaited',
  invitation: 'bulk',
  'invitation-reminder': 'bulk',
  'mfa-reminder': 'bulk',
  'mfa-required-from': 'bulk',
}

/** BullMQ takes priorities up to 2^21. */
const POSITIONS = 500_000

/** Smaller runs first. The n-th open job of a share has position n, so that a burst delays no other share. */
export function priorityOf(mail: string | null, position: number): number {
  const urgency = (mail !== null && URGENCY_OF[mail as NotificationKind]) || 'usual'
  return URGENCIES.indexOf(urgency) * POSITIONS + Math.min(position, POSITIONS - 1)
}
