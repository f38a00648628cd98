import { and, desc, eq } from 'drizzle-orm'
import type { Account } from '../access/accounts.queries.ts'
import { AT_ONCE, isInForce, type Requirement } from '../gate/mfa-required.ts'
import type { Reader } from '../platform/db/client.ts'
import { mfaPolicies, roleGroups } from '../platform/db/schema/role-groups.ts'
import { countPeople, isCounted } from '../users/headcount.ts'
import { readHeadcounts } from '../users/headcounts.queries.ts'
import type { KeyedRequirement } from './policy-change.ts'

export type PolicyAccount = Pick<Account, 'id' | 'isPlatform'>

export interface RoleGroupPolicy {
  id: string
  key: string
  name: string
  /** Null: the policy does not require MFA of it. */
  requirement: Requirement | null
}

/** The role groups of an account, highest first, and what its policy says of each. */
export async function readPolicy(db: Reader, account: PolicyAccount): Promise<RoleGroupPolicy[]> {
  const rows = await db
    .select({
      id: roleGroups.id,
      key: roleGroups.key,
      name: roleGroups.name,
      policyOf: mfaPolicies.clientId,
      startsAt: mfaPolicies.startsAt,
    })
    .from(roleGroups)
    .leftJoin(
      mfaPolicies,
      and(eq(mfaPolicies.roleGroupId, roleGroups.id), eq(mfaPolicies.clientId, account.id)),
    )
    .where(eq(roleGroups.ofPlatform, account.isPlatform))
    .orderBy(desc(roleGroups.rank), roleGroups.name)
  return rows.map(({ policyOf, startsAt, ...row }) => ({
    ...row,
    requirement: account.isPlatform ? AT_ONCE : policyOf === null ? null : { startsAt },
  }))
}

/** The keys of the role groups of which the policy requires MFA by then. */
export function requiredKeys(policy: readonly RoleGroupPolicy[], by: Date): string[] {
  return policy.flatMap(({ key, requirement }) => (requirement && isInForce(requirement, by) ? [key] : []))
}

/** What the policy requires, also from a later start on. */
export function requirementsOf(policy: readonly RoleGroupPolicy[]): KeyedRequirement[] {
  return policy.flatMap(({ key, requirement }) => (requirement ? [{ key, ...requirement }] : []))
}

export async function readPolicyWithMembers(
  db: Reader,
  account: PolicyAccount,
): Promise<(RoleGroupPolicy & { members: number })[]> {
  const policy = await readPolicy(db, account)
  const counts = await readHeadcounts(db, [account.id])
  return policy.map((roleGroup) => ({
    ...roleGroup,
    members: countPeople(counts, (count) => isCounted(count) && count.roleGroups.includes(roleGroup.key)),
  }))
}
