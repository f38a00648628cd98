import { and, desc, eq, gt, inArray, sql } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { headcounts } from '../platform/db/schema/listings.ts'
import { roleGroups } from '../platform/db/schema/role-groups.ts'
import type { Headcount } from './headcount.ts'

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
