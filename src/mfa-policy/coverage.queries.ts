import { and, asc, eq, ne, sql } from 'drizzle-orm'
import type { Reader } from '../db/client.ts'
import { authenticators } from '../db/schema/authenticators.ts'
import { clients } from '../db/schema/clients.ts'
import { memberships, mfaPolicies } from '../db/schema/role-groups.ts'
import { users } from '../db/schema/users.ts'
import { uuidArray } from '../db/uuid-array.ts'
import { sortName } from '../users/find-users.queries.ts'

/** How far MFA covers the people of an account. Disabled users do not count. */
export interface Coverage {
  people: number
  enrolled: number
  /** MFA is required of them and they have no authenticator. */
  missing: number
  /** There are more people than `atMost`: the numbers are those of the first of them. */
  countedInPart: boolean
}

/**
 * The coverage of these accounts, by their ids. In each at most `atMost` people are looked at, in the order of
 * their names: what it costs does not grow with the account.
 */
export async function readCoverage(
  db: Reader,
  clientIds: readonly string[],
  atMost: number,
): Promise<Map<string, Coverage>> {
  if (clientIds.length === 0) return new Map()
  const counted = db
    .select({ id: users.id, sortName: sortName.as('sort_name') })
    .from(users)
    .where(and(eq(users.clientId, clients.id), ne(users.status, 'disabled')))
    .orderBy(sortName, asc(users.id))
    .limit(atMost)
    .as('counted')
  // Only of who is not enrolled is it asked whether they must be. As gate/facts.ts has it.
  const rows = await db
    .select({
      id: clients.id,
      people: sql<number>`covered.people`,
      enrolled: sql<number>`covered.enrolled`,
      missing: sql<number>`covered.missing`,
      countedInPart: sql<boolean>`covered.people = ${atMost} and exists (
        select from ${users} where ${users.clientId} = ${clients.id} and ${users.status} <> 'disabled'
        order by ${sortName}, ${users.id} offset ${atMost} limit 1
      )`,
    })
    .from(clients)
    .innerJoin(
      sql`lateral (
        select count(*)::int as people, count(*) filter (where enrolled)::int as enrolled,
          count(*) filter (where not enrolled and (${clients.isPlatform} or coalesce((
            select bool_or(${mfaPolicies.clientId} is not null) from ${memberships}
            left join ${mfaPolicies} on ${mfaPolicies.clientId} = ${clients.id}
              and ${mfaPolicies.roleGroupId} = ${memberships.roleGroupId}
            where ${memberships.userId} = proven.id
          ), true)))::int as missing
        from (
          select counted.id, (
            select true from ${authenticators}
            where ${authenticators.userId} = counted.id and ${authenticators.status} = 'active'
          ) is not null as enrolled
          from ${counted}
        ) proven
      ) covered`,
      sql`true`,
    )
    .where(sql`${clients.id} = any(${uuidArray(clientIds)})`)
  return new Map(rows.map(({ id, ...coverage }) => [id, coverage]))
}
