import { and, eq } from 'drizzle-orm'
import type { Transaction } from '../platform/db/client.ts'
import { authenticators } from '../platform/db/schema/authenticators.ts'

/**
 * Revokes and erases a pending enrolment, so that an ended session cannot confirm it. `begunIn`: only if this session
 * began it.
 */
export async function revokePendingAuthenticator(
  tx: Transaction,
  userId: string,
  now: Date,
  begunIn?: string,
): Promise<void> {
  await tx
    .update(authenticators)
    .set(erased(now))
    .where(
      and(
        eq(authenticators.userId, userId),
        eq(authenticators.status, 'pending'),
        begunIn === undefined ? undefined : eq(authenticators.begunInSession, begunIn),
      ),
    )
}

/** The columns of a revoked authenticator whose secret is erased. */
export function erased(now: Date) {
  return { status: 'revoked', revokedAt: now, sealedSecret: null } as const
}
