import { and, eq } from 'drizzle-orm'
import { adminsOf } from '../access/admins.queries.ts'
import { NO_REQUEST, record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { authenticators } from '../platform/db/schema/authenticators.ts'
import { mfaResets } from '../platform/db/schema/mfa-resets.ts'
import { notify, notifyAll } from '../platform/mail/notify.ts'
import { isOneOfMany, joinDigest } from './reset-digest.ts'

/**
 * Completes a requested reset: erases the secret and queues the mails to the user and to the account's Admins. Without
 * a requested reset in the database it does nothing, so a forged or repeated job has no effect.
 */
export async function completeMfaReset(tx: Transaction, mfaResetId: string, now: Date): Promise<void> {
  const [reset] = await tx
    .update(mfaResets)
    .set({ status: 'completed', completedAt: now })
    .where(and(eq(mfaResets.id, mfaResetId), eq(mfaResets.status, 'requested')))
    .returning()
  if (!reset) return

  const { userId, clientId, eventId, authenticatorId } = reset
  await tx
    .update(authenticators)
    .set({ sealedSecret: null })
    .where(and(eq(authenticators.id, authenticatorId), eq(authenticators.status, 'revoked')))
  await record(tx, {
    at: now,
    action: 'mfa-reset.completed',
    outcome: 'success',
    origin: NO_REQUEST,
    clientId,
    actorId: null,
    subjectId: userId,
    details: { mfaResetId },
  })
  await notify(tx, { to: userId, kind: 'mfa-reset', eventId, facts: {} })
  if (await isOneOfMany(tx, reset)) return joinDigest(tx, reset, now)

  const admins = (await adminsOf(tx, clientId)).filter((adminId) => adminId !== userId)
  await notifyAll(
    tx,
    admins.map((to) => ({ to, kind: 'mfa-reset-for-admins' as const, eventId, facts: {} })),
  )
}
