import { and, eq, isNull } from 'drizzle-orm'
import { readPerson } from '../gate/read-person.queries.ts'
import type { Transaction } from '../platform/db/client.ts'
import { invitations } from '../platform/db/schema/links.ts'
import { notify } from '../platform/mail/notify.ts'
import { REMINDER_LEAD_MS } from './send-invitations.ts'

/**
 * Owes the mail that an invitation ends within a day, once, if it is still open. Repeated, forged, or later than its
 * end it does nothing; nor when it was accepted, withdrawn or sent again meanwhile. Returns when to come back if it
 * is too early.
 */
export async function remindOfInvitation(
  tx: Transaction,
  invitationId: string,
  now: Date,
): Promise<{ again: Date } | null> {
  const open = and(
    eq(invitations.id, invitationId),
    isNull(invitations.usedAt),
    isNull(invitations.revokedAt),
    isNull(invitations.remindedAt),
  )
  const [invitation] = await tx.select().from(invitations).where(open).for('update')
  if (!invitation || invitation.expiresAt <= now) return null
  const dueAt = new Date(invitation.expiresAt.getTime() - REMINDER_LEAD_MS)
  if (now < dueAt) return { again: dueAt }

  const person = await readPerson(tx, invitation.userId)
  // The link of somebody disabled opens nothing; who is enabled on the last day is not reminded.
  if (person?.status !== 'invited' || person.clientSuspended) return null
  await tx.update(invitations).set({ remindedAt: now }).where(eq(invitations.id, invitationId))
  await notify(tx, {
    to: person.id,
    kind: 'invitation-reminder',
    eventId: null,
    facts: { invitationId },
  })
  return null
}
