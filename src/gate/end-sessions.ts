import { and, eq, sql } from 'drizzle-orm'
import type { Transaction } from '../platform/db/client.ts'
import { preparedOnce } from '../platform/db/prepared-once.ts'
import { sessions } from '../platform/db/schema/sessions.ts'
import { users } from '../platform/db/schema/users.ts'
import { revokePendingAuthenticator } from './revoke-pending-authenticator.ts'

/**
 * Ends every session and half-way sign-in of a person at once, on every process: raising the epoch does it,
 * also for a session that a slow request writes back afterwards. Deleting the rows only tidies up. Returns the new
 * epoch: the session whose stored id is `spared` may go on with it in its proofs, and is dead without.
 */
export async function endSessions(
  tx: Transaction,
  userId: string,
  now: Date,
  spared?: string,
): Promise<number> {
  // None needs what another one answers: they go to the database together, not one after the other.
  const [[raised]] = await Promise.all([
    raiseEpoch(tx).execute({ userId }),
    deleteSessions(tx).execute({ userId, spared: spared ?? null }),
    revokePendingAuthenticator(tx, userId, now),
  ])
  if (!raised) throw new Error('sessions of nobody cannot be ended')
  return raised.epoch
}

const raiseEpoch = preparedOnce((tx: Transaction) =>
  tx
    .update(users)
    .set({ sessionEpoch: sql`${users.sessionEpoch} + 1` })
    .where(eq(users.id, sql.placeholder('userId')))
    .returning({ epoch: users.sessionEpoch })
    .prepare('raise_epoch'),
)

const deleteSessions = preparedOnce((tx: Transaction) =>
  tx
    .delete(sessions)
    .where(
      and(
        eq(sessions.userId, sql.placeholder('userId')),
        sql`${sessions.id} is distinct from ${sql.placeholder('spared')}`,
      ),
    )
    .prepare('end_sessions'),
)
