import { and, eq } from 'drizzle-orm'
import type { Transaction } from '../platform/db/client.ts'
import { authenticators } from '../platform/db/schema/authenticators.ts'

/** So that an ended session cannot confirm an enrolment. `begunIn`: only if this session began it. */
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

export function erased(now: Date) {
  return { status: 'revoked', revokedAt: now, sealedSecret: null } as const
}
