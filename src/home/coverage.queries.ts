import { and, asc, eq, ne, sql } from 'drizzle-orm'
import type { Reader } from '../db/client.ts'
import { users } from '../db/schema/users.ts'
import { sortName } from '../users/find-users.queries.ts'
import { type Alike, type Coverage, coverageOf } from './coverage.ts'

/** People are counted among this many of an account, no more: a page does not read a million rows. */
const COUNTED = 10_000

export interface AccountCoverage extends Coverage {
  /** The account is larger than what was counted. */
  countedInPart: boolean
}

/**
 * Counts the people of an account who may sign in or were invited to. Whoever is disabled lacks nothing. They are
 * counted by what they hold, of which there are few kinds; whether that requires MFA is for the gate's own rule.
 */
export async function readCoverage(
  db: Reader,
  account: { clientId: string; ofPlatform: boolean },
): Promise<AccountCoverage> {
  const counted = db
    .select({ id: users.id, status: users.status })
    .from(users)
    .where(and(eq(users.clientId, account.clientId), ne(users.status, 'disabled')))
    .orderBy(sortName, asc(users.id))
    .limit(COUNTED)
    .as('counted')
  // Scalar subqueries, which are asked user by user: PostgreSQL would make a join over everybody of anything else.
  const alike = db
    .select({
      held: sql<string>`array(
        select m.role_group_id from memberships m where m.user_id = counted.id order by 1
      )`.as('held'),
      enrolled: sql<boolean>`(
        select true from authenticators a where a.user_id = counted.id and a.status = 'active'
      ) is not null`.as('enrolled'),
      status: counted.status,
      people: sql<number>`count(*)::int`.as('people'),
    })
    .from(counted)
    .groupBy(sql`1, 2, 3`)
    .as('alike')
  const rows = await db
    .select({
      roleGroups: sql<Alike['roleGroups']>`(
        select coalesce(json_agg(json_build_object(
          'key', r.key, 'name', r.name, 'rank', r.rank, 'requiresMfa', p.client_id is not null
        )), '[]'::json)
        from role_groups r
        left join mfa_policies p on p.role_group_id = r.id and p.client_id = ${account.clientId}
        where r.id = any(held)
      )`,
      enrolled: alike.enrolled,
      status: sql<Alike['status']>`${alike.status}`,
      people: alike.people,
    })
    .from(alike)
    .prepare('read_coverage')
    .execute()
  const coverage = coverageOf({ isPlatform: account.ofPlatform }, rows)
  return { ...coverage, countedInPart: coverage.people >= COUNTED }
}
