import { v7 as uuidv7 } from 'uuid'
import type { EncryptionKey } from '../config.ts'
import { type Origin, recordForEach } from '../platform/audit/record.ts'
import { LINK_LIFE_MS, newLinkToken } from '../platform/crypto/link-token.ts'
import type { Transaction } from '../platform/db/client.ts'
import { invitations } from '../platform/db/schema/links.ts'
import { notifyAll } from '../platform/mail/notify.ts'
import { enqueueAll } from '../platform/outbox/enqueue.ts'
import { DAY } from '../platform/time/durations.ts'

export const REMINDER_LEAD_MS = DAY

/**
 * Creates and records invitations and queues their mails and reminders, in a few statements however many users. Returns
 * the id of each audit event by the user's.
 */
export async function sendInvitations(
  tx: Transaction,
  { keys, now }: { keys: readonly EncryptionKey[]; now: Date },
  by: { actorId: string | null; origin: Origin; details?: Record<string, unknown> },
  to: { clientId: string; userIds: readonly string[]; again?: boolean },
): Promise<ReadonlyMap<string, string>> {
  const { clientId, userIds, again = false } = to
  if (userIds.length === 0) return new Map()
  const expiresAt = new Date(now.getTime() + LINK_LIFE_MS.invitation)
  const sent = userIds.map((userId) => {
    const id = uuidv7()
    return { id, userId, tokenHash: newLinkToken('invitation', id, keys).hash }
  })
  await tx
    .insert(invitations)
    .values(sent.map((row) => ({ ...row, clientId, invitedBy: by.actorId, createdAt: now, expiresAt })))
  const action = again ? 'invitation.resent' : 'invitation.sent'
  const events = await recordForEach(tx, { at: now, action, outcome: 'success', clientId, ...by }, userIds)
  await notifyAll(
    tx,
    sent.map(({ id, userId }) => ({
      to: userId,
      kind: 'invitation' as const,
      eventId: events.get(userId) ?? null,
      facts: { invitationId: id },
    })),
  )
  await enqueueAll(
    tx,
    'remind-of-invitation',
    sent.map(({ id }) => ({ invitationId: id })),
    new Date(expiresAt.getTime() - REMINDER_LEAD_MS),
  )
  return events
}
