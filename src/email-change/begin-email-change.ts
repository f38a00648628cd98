import { and, eq, gt, isNull } from 'drizzle-orm'
import { v7 as uuidv7 } from 'uuid'
import type { Refused } from '../access/outcome.ts'
import type { Deps } from '../deps.ts'
import type { ActingSession } from '../gate/acting-session.ts'
import type { Person } from '../gate/facts.ts'
import { type AuditEntry, recordWithPersonal } from '../platform/audit/record.ts'
import { LINK_LIFE_MS, newLinkToken } from '../platform/crypto/link-token.ts'
import type { Transaction } from '../platform/db/client.ts'
import { emailChanges } from '../platform/db/schema/links.ts'
import { notifyAll } from '../platform/mail/notify.ts'
import { HOUR } from '../platform/time/durations.ts'

/** Each sends a mail to an address that is not proven. */
const CHANGES_WITHIN_HOUR = 10

export type AskedBy = Pick<AuditEntry, 'at' | 'origin' | 'details'> & {
  actor: Pick<ActingSession, 'userId' | 'epoch'>
}

/**
 * Asks for another address of a user: a link goes to the new one, a notice to the old one. It does not tell whether the
 * new address is used elsewhere; the confirmation would fail. The caller has locked the user and asked the rules.
 */
export async function beginEmailChange(
  { config }: Pick<Deps, 'config'>,
  tx: Transaction,
  { id: userId, clientId, email: oldEmail, sessionEpoch: epoch }: Person,
  newEmail: string,
  { actor, at, origin, details }: AskedBy,
): Promise<{ ok: true } | Omit<Refused, 'retryAfterMs'>> {
  const requestedBy = actor.userId
  const lately = gt(emailChanges.createdAt, new Date(at.getTime() - HOUR))
  if (
    (await tx.$count(emailChanges, and(eq(emailChanges.requestedBy, requestedBy), lately))) >=
    CHANGES_WITHIN_HOUR
  )
    return { ok: false, refusal: 'email-changes-within-hour' }

  await revokeOpen(tx, userId, at)
  const id = uuidv7()
  await tx.insert(emailChanges).values({
    id,
    userId,
    oldEmail,
    newEmail,
    tokenHash: newLinkToken('email-change', id, config.ENCRYPTION_KEYS).hash,
    epoch,
    requestedBy,
    requesterEpoch: actor.epoch,
    createdAt: at,
    expiresAt: new Date(at.getTime() + LINK_LIFE_MS['email-change']),
  })
  const about = { at, origin, outcome: 'success', clientId, actorId: requestedBy, subjectId: userId } as const
  const event = { ...about, action: 'user.email-change-requested', ...(details && { details }) } as const
  const personal = { personId: userId, details: { from: oldEmail, to: newEmail } }
  const eventId = await recordWithPersonal(tx, event, personal)
  const mail = { to: userId, eventId, facts: { emailChangeId: id } }
  await notifyAll(tx, [
    { ...mail, kind: 'email-change-link' },
    { ...mail, kind: 'email-change-requested' },
  ])
  return { ok: true }
}

/** Takes back the change that waits for its confirmation, if there is one. */
export async function withdrawEmailChange(
  tx: Transaction,
  { id: userId, clientId }: Pick<Person, 'id' | 'clientId'>,
  { actor, at, origin, details }: AskedBy,
): Promise<void> {
  const [revoked] = await revokeOpen(tx, userId, at)
  if (!revoked) return
  const about = {
    at,
    origin,
    outcome: 'success',
    clientId,
    actorId: actor.userId,
    subjectId: userId,
  } as const
  const event = { ...about, action: 'user.email-change-withdrawn', ...(details && { details }) } as const
  await recordWithPersonal(tx, event, { personId: userId, details: { to: revoked.newEmail } })
}

function revokeOpen(tx: Transaction, userId: string, revokedAt: Date) {
  return tx
    .update(emailChanges)
    .set({ revokedAt })
    .where(and(eq(emailChanges.userId, userId), isNull(emailChanges.usedAt), isNull(emailChanges.revokedAt)))
    .returning({ newEmail: emailChanges.newEmail })
}
