import type { Reader } from '../db/client.ts'
import { readPolicy } from '../mfa-policy/mfa-policy.queries.ts'
import { readHeadcounts } from '../users/headcounts.queries.ts'
import { type Alike, type Coverage, coverageOf } from './coverage.ts'

/**
 * Counts the people of an account who may sign in or were invited to. Whoever is disabled lacks nothing. They are
 * counted by what they hold; whether that requires MFA is for the gate's own rule.
 */
export async function readCoverage(
  db: Reader,
  { clientId, ofPlatform: isPlatform }: { clientId: string; ofPlatform: boolean },
): Promise<Coverage> {
  const [policy, headcounts] = await Promise.all([
    readPolicy(db, { id: clientId, isPlatform }),
    readHeadcounts(db, [clientId]),
  ])
  const alike = headcounts.flatMap(({ status, roleGroups, ...rest }): Alike[] => {
    if (status === 'disabled') return []
    return [{ ...rest, status, roleGroups: policy.roleGroups.filter(({ key }) => roleGroups.includes(key)) }]
  })
  return coverageOf({ isPlatform }, policy.roleGroups, alike)
}
