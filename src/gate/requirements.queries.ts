import { desc, eq, inArray } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { mfaPolicies, roleGroups } from '../platform/db/schema/role-groups.ts'
import { isInForce, type Requirement } from './mfa-required.ts'

export interface RequiredRoleGroup extends Requirement {
  clientId: string
  roleGroupId: string
  key: string
  name: string
}

/** The role groups of which these accounts require MFA, also from a later start on. The highest first. */
export async function readRequirements(
  db: Reader,
  clientIds: readonly string[],
): Promise<RequiredRoleGroup[]> {
  if (clientIds.length === 0) return []
  return db
    .select({
      clientId: mfaPolicies.clientId,
      roleGroupId: mfaPolicies.roleGroupId,
      key: roleGroups.key,
      name: roleGroups.name,
      startsAt: mfaPolicies.startsAt,
    })
    .from(mfaPolicies)
    .innerJoin(roleGroups, eq(roleGroups.id, mfaPolicies.roleGroupId))
    .where(inArray(mfaPolicies.clientId, [...clientIds]))
    .orderBy(desc(roleGroups.rank), roleGroups.name)
}

/** Those that apply now. */
export async function readRequirementsInForce(
  db: Reader,
  clientIds: readonly string[],
  now: Date,
): Promise<RequiredRoleGroup[]> {
  const requirements = await readRequirements(db, clientIds)
  return requirements.filter((requirement) => isInForce(requirement, now))
}
