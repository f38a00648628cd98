import { and, desc, eq, sql } from 'drizzle-orm'
import type { Account } from '../access/accounts.queries.ts'
import type { Reader } from '../platform/db/client.ts'
import { mfaPolicies, roleGroups } from '../platform/db/schema/role-groups.ts'

export interface Requirement {
  id: string
  key: string
  name: string
  requiresMfa: boolean
}

/** The role groups that there are in an account, the highest first, and whether each requires MFA. */
export function readRequirements(
  db: Reader,
  account: Pick<Account, 'id' | 'isPlatform'>,
): Promise<Requirement[]> {
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

/** The keys of those that require MFA. */
export function requiredKeys(requirements: readonly Requirement[]): string[] {
  return requirements.filter(({ requiresMfa }) => requiresMfa).map(({ key }) => key)
}
