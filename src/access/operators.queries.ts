import { and, eq } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { memberships, roleGroups } from '../platform/db/schema/role-groups.ts'
import { users } from '../platform/db/schema/users.ts'

/** The ids of all active Operators. */
export async function readOperators(db: Reader): Promise<string[]> {
  const rows = await db
    .selectDistinct({ id: users.id })
    .from(users)
    .innerJoin(memberships, eq(memberships.userId, users.id))
    .innerJoin(roleGroups, eq(roleGroups.id, memberships.roleGroupId))
    .where(and(eq(roleGroups.isOperator, true), eq(users.status, 'active')))
  return rows.map(({ id }) => id)
}
