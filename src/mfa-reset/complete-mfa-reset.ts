import { and, eq } from 'drizzle-orm'
import { NO_REQUEST, record } from '../audit/record.ts'
import type { Transaction } from '../db/client.ts'
import { authenticators } from '../db/schema/authenticators.ts'
import { mfaResets } from '../db/schema/mfa-resets.ts'
import { notify } from '../notifications/notify.ts'
import { adminsOf } from '../users/admins.queries.ts'

/**
 * Carries out what follows a reset: shreds the secret, owes the mails to the user and to the account's Admins,
 * and completes it. It causes no reset: without one that is requested it does nothing.
 */
export async function completeMfaReset(tx: Transaction, mfaResetId: string, now: Date): Promise<void> {
  const [reset] = await tx
    .update(mfaResets)
    .set({ status: 'completed', completedAt: now })
    .where(and(eq(mfaResets.id, mfaResetId), eq(mfaResets.status, 'requested')))
    .returning()
  if (!reset) return

  const { userId, clientId, eventId } = reset
  await tx
    .update(authenticators)
    .set({ sealedSecret: null })
    .where(and(eq(authenticators.id, reset.authenticatorId), eq(authenticators.status, 'revoked')))
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
  for (const adminId of await adminsOf(tx, clientId))
    if (adminId !== userId)
      await notify(tx, { to: adminId, kind: 'mfa-reset-for-admins', eventId, facts: {} })
}
