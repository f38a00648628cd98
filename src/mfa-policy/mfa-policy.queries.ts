import { and, desc, eq, sql } from 'drizzle-orm'
import type { Account } from '../access/accounts.queries.ts'
import type { Reader } from '../platform/db/client.ts'
import { mfaPolicies, roleGroups } from '../platform/db/schema/role-groups.ts'
import { countPeople, isCounted } from '../users/headcount.ts'
import { readHeadcounts } from '../users/headcounts.queries.ts'

export type PolicyAccount = Pick<Account, 'id' | 'isPlatform'>

export interface Requirement {
  id: string
  key: string
  name: string
  requiresMfa: boolean
}

/** The role groups of an account, highest first, and whether each requires MFA. */
export function readRequirements(db: Reader, account: PolicyAccount): Promise<Requirement[]> {
  return db
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
}

export function requiredKeys(requirements: readonly Requirement[]): string[] {
  return requirements.filter(({ requiresMfa }) => requiresMfa).map(({ key }) => key)
}

export async function readPolicy(
  db: Reader,
  account: PolicyAccount,
): Promise<(Requirement & { members: number })[]> {
  const requirements = await readRequirements(db, account)
  const counts = await readHeadcounts(db, [account.id])
  return requirements.map((requirement) => ({
    ...requirement,
    members: countPeople(counts, (count) => isCounted(count) && count.roleGroups.includes(requirement.key)),
  }))
}
