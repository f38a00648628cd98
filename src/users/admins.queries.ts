import { and, eq, or, sql } from 'drizzle-orm'
import type { Reader } from '../db/client.ts'
import { preparedOnce } from '../db/prepared-once.ts'
import { listings } from '../db/schema/listings.ts'
import { roleGroups } from '../db/schema/role-groups.ts'

/** Ids of the active Admins of a client account. */
export async function adminsOf(db: Reader, clientId: string): Promise<string[]> {
  const rows = await adminsQuery(db).execute({ clientId })
  return rows.map(({ id }) => id)
}

const adminsQuery = preparedOnce((db) =>
  db
    .selectDistinct({ id: listings.userId })
    .from(roleGroups)
    .innerJoin(
      listings,
      and(
        eq(listings.listedUnder, roleGroups.id),
        eq(listings.clientId, sql.placeholder('clientId')),
        eq(listings.status, 'active'),
      ),
    )
    .where(eq(roleGroups.isAdmin, true))
    .prepare('read_admins'),
)

/** Ids of the active people of an account who hold a role group that administers: Admins; or agents and Operators. */
export async function administratorsOf(db: Reader, clientId: string): Promise<string[]> {
  const { isAdmin, isServiceDesk, isOperator } = roleGroups
  const rows = await db
    .selectDistinct({ id: listings.userId })
    .from(roleGroups)
    .innerJoin(
      listings,
      and(
        eq(listings.listedUnder, roleGroups.id),
        eq(listings.clientId, clientId),
        eq(listings.status, 'active'),
      ),
    )
    .where(or(eq(isAdmin, true), eq(isServiceDesk, true), eq(isOperator, true)))
  return rows.map(({ id }) => id)
}
