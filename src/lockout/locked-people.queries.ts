import { and, desc, eq, gt, isNull, type SQL, sql } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { knownBrowsers } from '../platform/db/schema/known-browsers.ts'
import { lockouts } from '../platform/db/schema/lockouts.ts'
import { users } from '../platform/db/schema/users.ts'

/** Only the locks that last longest are read: most locks of an attack belong to unknown addresses. */
const WINDOW = 10_000

/** A query for each lock in force and its user, to read from. The locks of known browsers belong to their users. */
export function lockedUsers(db: Reader, who: SQL, now: Date) {
  const inForce = db
    .select({
      subject: sql<string>`coalesce(${knownBrowsers.userId}, ${lockouts.subject})`.as('subject'),
      lockedUntil: lockouts.lockedUntil,
    })
    .from(lockouts)
    .leftJoin(knownBrowsers, and(eq(knownBrowsers.id, lockouts.subject), isNull(knownBrowsers.endedAt)))
    .where(gt(lockouts.lockedUntil, now))
    .orderBy(desc(lockouts.lockedUntil))
    .limit(WINDOW)
    .as('in_force')
  // The limit makes PostgreSQL look users up lock by lock; without it, it reads all users.
  const locked = db
    .select({ id: users.id, name: users.name, clientId: users.clientId, status: users.status })
    .from(users)
    .where(and(eq(users.id, inForce.subject), who))
    .limit(1)
    .as('locked')
  return { inForce, locked }
}

export interface LockedUser {
  id: string
  status: (typeof users.$inferSelect)['status']
}

/** The users of an account with a lock in force. */
export async function readLockedUsers(db: Reader, clientId: string, now: Date): Promise<LockedUser[]> {
  const { inForce, locked } = lockedUsers(db, eq(users.clientId, clientId), now)
  return db
    .selectDistinct({ id: locked.id, status: locked.status })
    .from(inForce)
    .innerJoinLateral(locked, sql`true`)
}
