import { and, eq, sql } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { memberships, roleGroups } from '../platform/db/schema/role-groups.ts'
import { users } from '../platform/db/schema/users.ts'
import type { CasePeople, Staff } from './approvers.ts'
import { readMakers } from './makers.queries.ts'
import type { Actor } from './rules.ts'

/** Reads who may decide these cases. `viewerId`: the person who looks at them. */
export async function readStaff(
  db: Reader,
  cases: readonly CasePeople[],
  now: Date,
  viewerId?: string,
): Promise<Staff> {
  const staff = await readActiveStaff(db)
  const concerned = cases.flatMap(({ requestedBy, userId }) => [requestedBy, userId ?? []].flat())
  const ids = [...staff.map(({ id }) => id), ...concerned, viewerId ?? []].flat()
  return { staff, makers: await readMakers(db, [...new Set(ids)], now) }
}

function readActiveStaff(db: Reader): Promise<Actor[]> {
  return db
    .select({
      id: users.id,
      isAdmin: sql<boolean>`bool_or(${roleGroups.isAdmin})`,
      isServiceDesk: sql<boolean>`bool_or(${roleGroups.isServiceDesk})`,
      isOperator: sql<boolean>`bool_or(${roleGroups.isOperator})`,
      rank: sql<number>`max(${roleGroups.rank})`,
    })
    .from(clients)
    .innerJoin(users, and(eq(users.clientId, clients.id), eq(users.status, 'active')))
    .innerJoin(memberships, eq(memberships.userId, users.id))
    .innerJoin(roleGroups, eq(roleGroups.id, memberships.roleGroupId))
    .where(eq(clients.isPlatform, true))
    .groupBy(users.id)
    .orderBy(users.id)
}
