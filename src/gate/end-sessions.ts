import { and, eq, ne, sql } from 'drizzle-orm'
import type { Transaction } from '../platform/db/client.ts'
import { sessions } from '../platform/db/schema/sessions.ts'
import { users } from '../platform/db/schema/users.ts'
import type { SessionEnd } from '../platform/session-end.ts'
import { deleteSessions } from './delete-sessions.ts'
import { revokePendingAuthenticator } from './revoke-pending-authenticator.ts'

/** The raised epoch also ends a session that a slow request writes back. `spared`: a stored id; it goes on with the new epoch. */
export async function endSessions(
  tx: Transaction,
  userId: string,
  now: Date,
  because: SessionEnd,
  spared?: string,
): Promise<number> {
  const [raised] = await tx
    .update(users)
    .set({ sessionEpoch: sql`${users.sessionEpoch} + 1` })
    .where(eq(users.id, userId))
    .returning({ epoch: users.sessionEpoch })
  if (!raised) throw new Error('the user whose sessions are to end does not exist')
  const others = spared === undefined ? undefined : ne(sessions.id, spared)
  await deleteSessions(tx, and(eq(sessions.userId, userId), others), because, now)
  await revokePendingAuthenticator(tx, userId, now)
  return raised.epoch
}
