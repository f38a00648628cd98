// When a job's turn comes. Pure.
import type { NotificationKind } from '../src/platform/mail/kinds.ts'

/** First the mails that a person waits for at the screen, last those that are sent by the thousand. */
const URGENCIES = ['awaited', 'usual', 'bulk'] as const
type Urgency = (typeof URGENCIES)[number]

const URGENCY_OF: { readonly [Kind in NotificationKind]?: Urgency } = {
  'password-reset': 'awaited',
  invitation: 'bulk',
  'invitation-reminder': 'bulk',
}

/** BullMQ takes priorities up to 2^21. */
const POSITIONS = 500_000

/**
 * The priority for BullMQ, where a smaller number goes first. Within an urgency the n-th open job of one share has
 * place n: a burst waits for itself, and the single job of another share overtakes it.
 * `mail`: the kind of the mail, null for any other job. `position`: from 1 on.
 */
export function priorityOf(mail: string | null, position: number): number {
  const urgency = (mail !== null && URGENCY_OF[mail as NotificationKind]) || 'usual'
  return URGENCIES.indexOf(urgency) * POSITIONS + Math.min(position, POSITIONS - 1)
}
