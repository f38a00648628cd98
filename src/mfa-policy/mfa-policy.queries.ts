import { and, desc, eq, sql } from 'drizzle-orm'
import type { Account } from '../access/view-account.ts'
import type { Reader } from '../db/client.ts'
import { mfaPolicies, roleGroups } from '../db/schema/role-groups.ts'
import { countPeople, readHeadcounts } from '../users/headcounts.queries.ts'
import type { Requirement } from './requirements.queries.ts'

export interface PolicyPage {
  roleGroups: (Requirement & { members: number })[]
}

/** The MFA policy of an account: its role groups, the highest first, and whether each requires MFA. */
export async function readPolicy(
  db: Reader,
  account: Pick<Account, 'id' | 'isPlatform'>,
): Promise<PolicyPage> {
  const rows = await db
    .select({
      id: roleGroups.id,
      key: roleGroups.key,
      name: roleGroups.name,
      requiresMfa: sql<boolean>`${mfaPolicies.clientId} is not null or ${roleGroups.ofPlatform}`,
    })
    .from(roleGroups)
    .leftJoin(
      mfaPolicies,
      and(eq(mfaPolicies.roleGroupId, roleGroups.id), eq(mfaPolicies.clientId, account.id)),
    )
    .where(eq(roleGroups.ofPlatform, account.isPlatform))
    .orderBy(desc(roleGroups.rank), roleGroups.name)
  const counts = await readHeadcounts(db, [account.id])
  return {
    roleGroups: rows.map((row) => ({
      ...row,
      members: countPeople(counts, (count) => count.roleGroups.includes(row.key)),
    })),
  }
}
