import { and, eq, isNull, or, type SQL, sql } from 'drizzle-orm'
import type { Transaction } from '../platform/db/client.ts'
import { given, preparedOnce } from '../platform/db/prepared-once.ts'
import { authenticators } from '../platform/db/schema/authenticators.ts'

/**
 * Voids an enrolment that is under way, its secret erased. Whatever ends a person's sessions does this too,
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
    .set(erased(given('now', authenticators.revokedAt)))
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

/** What becomes of an authenticator that nobody is to use again: revoked, and nothing left of its secret. */
export function erased(now: Date | SQL) {
  return { status: 'revoked', revokedAt: now, sealedSecret: null } as const
}
