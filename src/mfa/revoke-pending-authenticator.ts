import { and, eq, isNull, or, sql } from 'drizzle-orm'
import type { Transaction } from '../db/client.ts'
import { given, preparedOnce } from '../db/prepared-once.ts'
import { authenticators } from '../db/schema/authenticators.ts'
import { shredded } from './shredded.ts'

/**
 * Voids an enrolment that is under way, its secret shredded. Whatever ends a person's sessions does this too,
 * so that a confirmation from an ended session finds nothing to confirm. `begunIn`: only if this session began it.
 */
export async function revokePendingAuthenticator(
  tx: Transaction,
  userId: string,
  now: Date,
  begunIn?: string,
): Promise<void> {
  await revokePending(tx).execute({ userId, now, begunIn: begunIn ?? null })
}

const revokePending = preparedOnce((tx: Transaction) =>
  tx
    .update(authenticators)
    .set(shredded(given('now', authenticators.revokedAt)))
    .where(
      and(
        eq(authenticators.userId, sql.placeholder('userId')),
        eq(authenticators.status, 'pending'),
        or(
          isNull(sql`${sql.placeholder('begunIn')}::text`),
          eq(authenticators.begunInSession, sql.placeholder('begunIn')),
        ),
      ),
    )
    .prepare('revoke_pending'),
)
