import { desc, eq, max, type SQL, sql } from 'drizzle-orm'
import { lockedUsers } from '../lockout/locked-people.queries.ts'
import type { Reader } from '../platform/db/client.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { memberships, roleGroups } from '../platform/db/schema/role-groups.ts'
import { users } from '../platform/db/schema/users.ts'

const SHOWN = 10

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

export async function readLocked(db: Reader, who: SQL, now: Date): Promise<LockedPeople> {
  const { inForce, locked } = lockedUsers(db, who, now)
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
