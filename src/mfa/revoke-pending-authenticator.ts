import { and, eq } from 'drizzle-orm'
import type { Transaction } from '../db/client.ts'
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
  await tx
    .update(authenticators)
    .set(shredded(now))
    .where(
      and(
        eq(authenticators.userId, userId),
        eq(authenticators.status, 'pending'),
        begunIn === undefined ? undefined : eq(authenticators.begunInSession, begunIn),
      ),
    )
    .prepare(begunIn === undefined ? 'revoke_pending' : 'revoke_pending_begun_in')
    .execute()
}
