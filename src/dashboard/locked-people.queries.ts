import { and, desc, eq, gt, isNull, max, type SQL, sql } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { knownBrowsers } from '../platform/db/schema/known-browsers.ts'
import { lockouts } from '../platform/db/schema/lockouts.ts'
import { memberships, roleGroups } from '../platform/db/schema/role-groups.ts'
import { users } from '../platform/db/schema/users.ts'

const SHOWN = 10

/** Only the locks that last longest are read: most locks of an attack belong to unknown addresses. */
const WINDOW = 10_000

export interface LockedOut {
  id: string
  name: string
  clientName: string
  until: Date
}

export interface LockedPeople {
  people: LockedOut[]
  more: boolean
}

export function readLockedPeople(db: Reader, clientId: string, now: Date): Promise<LockedPeople> {
  return readLocked(db, eq(users.clientId, clientId), now)
}

/** The Admins of all accounts who are locked out: only the Service Desk can unlock them. */
export function readLockedAdmins(db: Reader, now: Date): Promise<LockedPeople> {
  const isAdmin = sql`exists (
    select from ${memberships} join ${roleGroups} on ${roleGroups.id} = ${memberships.roleGroupId}
    where ${memberships.userId} = ${users.id} and ${roleGroups.isAdmin}
  )`
  return readLocked(db, isAdmin, now)
}

async function readLocked(db: Reader, who: SQL, now: Date): Promise<LockedPeople> {
  const inForce = db
    .select({
      // A known browser has its own lock, which belongs to its user.
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
    .select({ id: users.id, name: users.name, clientId: users.clientId })
    .from(users)
    .where(and(eq(users.id, inForce.subject), who))
    .limit(1)
    .as('locked')
  const until = max(inForce.lockedUntil)
  const rows = await db
    .select({ id: locked.id, name: locked.name, clientName: clients.name, until })
    .from(inForce)
    .innerJoinLateral(locked, sql`true`)
    .innerJoin(clients, eq(clients.id, locked.clientId))
    .groupBy(locked.id, locked.name, clients.name)
    .orderBy(desc(until), locked.id)
    .limit(SHOWN + 1)
  return {
    people: rows.slice(0, SHOWN).flatMap((row) => (row.until ? [{ ...row, until: row.until }] : [])),
    more: rows.length > SHOWN,
  }
}
