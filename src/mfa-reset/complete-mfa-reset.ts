import { and, eq, sql } from 'drizzle-orm'
import { adminsOf } from '../access/admins.queries.ts'
import { NO_REQUEST, record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { given, preparedOnce } from '../platform/db/prepared-once.ts'
import { authenticators } from '../platform/db/schema/authenticators.ts'
import { mfaResets } from '../platform/db/schema/mfa-resets.ts'
import { notify, notifyAll } from '../platform/mail/notify.ts'
import { isOneOfMany, joinDigest } from './reset-digest.ts'

/**
 * Carries out what follows a reset: shreds the secret, owes the mails to the user and to the account's Admins,
 * and completes it. It causes no reset: without one that is requested it does nothing.
 */
export async function completeMfaReset(tx: Transaction, mfaResetId: string, now: Date): Promise<void> {
  const [reset] = await completeRequested(tx).execute({ mfaResetId, now })
  if (!reset) return

  const { userId, clientId, eventId, authenticatorId } = reset
  // None needs what another one answers: they go to the database together, not one after the other.
  const [oneOfMany] = await Promise.all([
    isOneOfMany(tx, reset),
    shredSecret(tx).execute({ authenticatorId }),
    record(tx, {
      at: now,
      action: 'mfa-reset.completed',
      outcome: 'success',
      origin: NO_REQUEST,
      clientId,
      actorId: null,
      subjectId: userId,
      details: { mfaResetId },
    }),
    notify(tx, { to: userId, kind: 'mfa-reset', eventId, facts: {} }),
  ])
  if (oneOfMany) return joinDigest(tx, reset, now)
  const others = (await adminsOf(tx, clientId)).filter((adminId) => adminId !== userId)
  await notifyAll(
    tx,
    others.map((to) => ({ to, kind: 'mfa-reset-for-admins' as const, eventId, facts: {} })),
  )
}

const completeRequested = preparedOnce((tx: Transaction) =>
  tx
    .update(mfaResets)
    .set({ status: 'completed', completedAt: given('now', mfaResets.completedAt) })
    .where(and(eq(mfaResets.id, sql.placeholder('mfaResetId')), eq(mfaResets.status, 'requested')))
    .returning({
      id: mfaResets.id,
      requestedAt: mfaResets.requestedAt,
      userId: mfaResets.userId,
      clientId: mfaResets.clientId,
      eventId: mfaResets.eventId,
      authenticatorId: mfaResets.authenticatorId,
    })
    .prepare('complete_mfa_reset'),
)

const shredSecret = preparedOnce((tx: Transaction) =>
  tx
    .update(authenticators)
    .set({ sealedSecret: null })
    .where(
      and(eq(authenticators.id, sql.placeholder('authenticatorId')), eq(authenticators.status, 'revoked')),
    )
    .prepare('shred_secret'),
)
