import { and, eq } from 'drizzle-orm'
import type { Reader } from '../db/client.ts'
import { memberships, roleGroups } from '../db/schema/role-groups.ts'
import { users } from '../db/schema/users.ts'

/** Ids of the active Admins of a client account. */
export async function adminsOf(db: Reader, clientId: string): Promise<string[]> {
  const rows = await db
    .selectDistinct({ id: users.id })
    .from(users)
    .innerJoin(memberships, eq(memberships.userId, users.id))
    .innerJoin(roleGroups, eq(roleGroups.id, memberships.roleGroupId))
    .where(and(eq(users.clientId, clientId), eq(users.status, 'active'), eq(roleGroups.isAdmin, true)))
  return rows.map(({ id }) => id)
}
