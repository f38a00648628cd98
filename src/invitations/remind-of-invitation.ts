import { and, eq, isNull } from 'drizzle-orm'
import { readPerson } from '../gate/read-person.queries.ts'
import type { Transaction } from '../platform/db/client.ts'
import { invitations } from '../platform/db/schema/links.ts'
import { notify } from '../platform/mail/notify.ts'
import { REMINDER_LEAD_MS } from './send-invitations.ts'

/** Queues the reminder of an open invitation, once, within a day of its end. Returns when to run again if it is too early. */
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
  // The link of a disabled user does not work.
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
