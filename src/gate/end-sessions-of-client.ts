import { and, asc, eq, type SQLWrapper, sql } from 'drizzle-orm'
import type { Transaction } from '../platform/db/client.ts'
import { authenticators } from '../platform/db/schema/authenticators.ts'
import { sessions } from '../platform/db/schema/sessions.ts'
import { users } from '../platform/db/schema/users.ts'
import { uuidArray } from '../platform/db/uuid-array.ts'
import { deleteSessions } from './delete-sessions.ts'
import { erased } from './revoke-pending-authenticator.ts'

/** Locks only users with a session, at most `limit`: an account may have a million users. Returns their number. */
export async function endSessionsOfClient(
  tx: Transaction,
  clientId: string,
  now: Date,
  limit?: number,
): Promise<number> {
  const query = tx
    .select({ id: users.id })
    .from(users)
    .where(
      and(
        eq(users.clientId, clientId),
        sql`exists (select from ${sessions} where ${sessions.userId} = ${users.id})`,
      ),
    )
    // In the order of ids, as every command that locks several users: no deadlock.
    .orderBy(asc(users.id))
    .for('no key update')
  const rows = await (limit === undefined ? query : query.limit(limit))
  const ids = uuidArray(rows.map(({ id }) => id))
  const isOneOfThem = (userId: SQLWrapper) => sql`${userId} = any(${ids})`
  await tx
    .update(users)
    .set({ sessionEpoch: sql`${users.sessionEpoch} + 1` })
    .where(isOneOfThem(users.id))
  await deleteSessions(tx, isOneOfThem(sessions.userId), 'suspended', now)
  await tx
    .update(authenticators)
    .set(erased(now))
    .where(and(isOneOfThem(authenticators.userId), eq(authenticators.status, 'pending')))
  return rows.length
}
