import { and, desc, eq, gt, inArray, sql } from 'drizzle-orm'
import { readRequirementsInForce } from '../gate/requirements.queries.ts'
import type { Reader } from '../platform/db/client.ts'
import { headcounts } from '../platform/db/schema/listings.ts'
import { roleGroups } from '../platform/db/schema/role-groups.ts'
import { countMatching, countPeople, type Headcount } from './headcount.ts'
import type { Within } from './matches-filters.queries.ts'
import type { UserFilters } from './user-filters.ts'

/** A few dozen rows for each account, however large. Each person is in exactly one, so counts are sums. */
export async function readHeadcounts(db: Reader, clientIds: readonly string[]): Promise<Headcount[]> {
  if (clientIds.length === 0) return []
  return db
    .select({
      clientId: headcounts.clientId,
      roleGroups: sql<string[]>`(
        select coalesce(json_agg(${roleGroups.key} order by ${desc(roleGroups.rank)}, ${roleGroups.name}), '[]'::json)
        from ${roleGroups} where ${eq(roleGroups.id, sql`any(${headcounts.roleGroupIds})`)}
      )`,
      enrolled: headcounts.enrolled,
      status: sql<Headcount['status']>`${headcounts.status}`,
      people: headcounts.people,
    })
    .from(headcounts)
    .where(and(inArray(headcounts.clientId, [...clientIds]), gt(headcounts.people, 0)))
}

/** How many users an account has, and how many of them match the filters, whatever the search term. */
export async function readUserCounts(
  db: Reader,
  account: Within,
  filters: Pick<UserFilters, 'role' | 'mfa' | 'status'>,
): Promise<{ total: number; matching: number }> {
  const counts = await readHeadcounts(db, [account.id])
  const { id, now } = account
  const required = filters.mfa === 'required-missing' ? await readRequirementsInForce(db, [id], now) : []
  return {
    total: countPeople(counts, () => true),
    matching: countMatching(
      counts,
      filters,
      required.map(({ key }) => key),
      account,
    ),
  }
}
