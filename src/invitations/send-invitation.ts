import { v7 as uuidv7 } from 'uuid'
import { newLinkToken } from '../at-rest/link-token.ts'
import { type Origin, record } from '../audit/record.ts'
import type { EncryptionKey } from '../config.ts'
import type { Transaction } from '../db/client.ts'
import { invitations } from '../db/schema/links.ts'
import { DAY } from '../durations.ts'
import { notify } from '../notifications/notify.ts'

export const INVITATION_LIFE_MS = 7 * DAY

/**
 * Invites a user who was just added with the status 'invited': a link that works once, for 7 days, its record
 * and its mail. Asks no rule: whoever calls it has. Returns the invitation's id.
 */
export async function sendInvitation(
  tx: Transaction,
  { now, keys, origin }: { now: Date; keys: readonly EncryptionKey[]; origin: Origin },
  { userId, clientId, invitedBy }: { userId: string; clientId: string; invitedBy: string },
): Promise<string> {
  const invitationId = uuidv7()
  await tx.insert(invitations).values({
    id: invitationId,
    userId,
    tokenHash: newLinkToken('invitation', invitationId, keys).hash,
    invitedBy,
    createdAt: now,
    expiresAt: new Date(now.getTime() + INVITATION_LIFE_MS),
  })
  const eventId = await record(tx, {
    at: now,
    action: 'invitation.sent',
    outcome: 'success',
    origin,
    clientId,
    actorId: invitedBy,
    subjectId: userId,
  })
  await notify(tx, { to: userId, kind: 'invitation', eventId, facts: { invitationId } })
  return invitationId
}
