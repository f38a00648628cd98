import { eq, inArray } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { mfaPolicies, roleGroups } from '../platform/db/schema/role-groups.ts'
import { readHeadcounts } from '../users/headcounts.queries.ts'
import { type Coverage, coverageByRoleGroup, coverageOf, type RoleGroupCoverage } from './coverage.ts'
import { type PolicyAccount, readRequirements, requiredKeys } from './mfa-policy.queries.ts'

export async function readCoverage(
  db: Reader,
  account: PolicyAccount,
): Promise<Coverage & { roleGroups: RoleGroupCoverage[]; requiresAny: boolean }> {
  const requirements = await readRequirements(db, account)
  const headcounts = await readHeadcounts(db, [account.id])
  return {
    ...coverageOf(account, requiredKeys(requirements), headcounts),
    roleGroups: coverageByRoleGroup(requirements, headcounts),
    requiresAny: requirements.some(({ requiresMfa }) => requiresMfa),
  }
}

export async function readCoverages(
  db: Reader,
  clientIds: readonly string[],
): Promise<Map<string, Coverage>> {
  if (clientIds.length === 0) return new Map()
  const ids = [...clientIds]
  const accounts = await db
    .select({ id: clients.id, isPlatform: clients.isPlatform })
    .from(clients)
    .where(inArray(clients.id, ids))
  const policies = await db
    .select({ clientId: mfaPolicies.clientId, key: roleGroups.key })
    .from(mfaPolicies)
    .innerJoin(roleGroups, eq(roleGroups.id, mfaPolicies.roleGroupId))
    .where(inArray(mfaPolicies.clientId, ids))
  const headcounts = await readHeadcounts(db, ids)
  const coverages = accounts.map((account): [string, Coverage] => {
    const isOfAccount = ({ clientId }: { clientId: string }) => clientId === account.id
    const required = policies.filter(isOfAccount).map(({ key }) => key)
    return [account.id, coverageOf(account, required, headcounts.filter(isOfAccount))]
  })
  return new Map(coverages)
}
