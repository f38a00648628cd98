import { inArray } from 'drizzle-orm'
import { readRequirementsInForce } from '../gate/requirements.queries.ts'
import type { Reader } from '../platform/db/client.ts'
import { clients } from '../platform/db/schema/clients.ts'
import type { Headcount } from '../users/headcount.ts'
import { readHeadcounts } from '../users/headcounts.queries.ts'
import {
  type Coverage,
  coverageByRoleGroup,
  coverageOf,
  lackingIn,
  type PlannedStart,
  type RoleGroupCoverage,
} from './coverage.ts'
import { type PolicyAccount, type RoleGroupPolicy, readPolicy, requiredKeys } from './mfa-policy.queries.ts'

export interface AccountCoverage extends Coverage {
  roleGroups: RoleGroupCoverage[]
  /** Some role group requires MFA now. */
  requiresAny: boolean
  planned: PlannedStart | null
}

export async function readCoverage(db: Reader, account: PolicyAccount, now: Date): Promise<AccountCoverage> {
  const policy = await readPolicy(db, account)
  const required = requiredKeys(policy, now)
  const headcounts = await readHeadcounts(db, [account.id])
  return {
    ...coverageOf(account, required, headcounts),
    roleGroups: coverageByRoleGroup(policy, required, headcounts),
    requiresAny: required.length > 0,
    planned: plannedStart(account, policy, headcounts, now),
  }
}

function plannedStart(
  account: PolicyAccount,
  policy: readonly RoleGroupPolicy[],
  headcounts: readonly Headcount[],
  now: Date,
): PlannedStart | null {
  const starts = policy.flatMap(({ requirement }) =>
    requirement?.startsAt && requirement.startsAt > now ? [requirement.startsAt.getTime()] : [],
  )
  if (starts.length === 0) return null
  const startsAt = new Date(Math.min(...starts))
  const begin = policy.filter(({ requirement }) => requirement?.startsAt?.getTime() === startsAt.getTime())
  const lackingAt = (time: Date) =>
    lackingIn(coverageOf(account, requiredKeys(policy, time), headcounts).missing)
  return {
    startsAt,
    roleGroups: begin.map(({ name }) => name),
    people: lackingAt(startsAt) - lackingAt(now),
  }
}

export async function readCoverages(
  db: Reader,
  clientIds: readonly string[],
  now: Date,
): Promise<Map<string, Coverage>> {
  if (clientIds.length === 0) return new Map()
  const ids = [...clientIds]
  const accounts = await db
    .select({ id: clients.id, isPlatform: clients.isPlatform })
    .from(clients)
    .where(inArray(clients.id, ids))
  const requirements = await readRequirementsInForce(db, ids, now)
  const headcounts = await readHeadcounts(db, ids)
  const coverages = accounts.map((account): [string, Coverage] => {
    const isOfAccount = ({ clientId }: { clientId: string }) => clientId === account.id
    const required = requirements.filter(isOfAccount).map(({ key }) => key)
    return [account.id, coverageOf(account, required, headcounts.filter(isOfAccount))]
  })
  return new Map(coverages)
}
