import type { Account } from '../access/accounts.queries.ts'
import type { Reader } from '../platform/db/client.ts'
import { countPeople } from '../users/headcount.ts'
import { readHeadcounts } from '../users/headcounts.queries.ts'
import { type Requirement, readRequirements } from './requirements.queries.ts'

/** The MFA policy of an account: its role groups, the highest first, whether each requires MFA, and of how many. */
export async function readPolicy(
  db: Reader,
  account: Pick<Account, 'id' | 'isPlatform'>,
): Promise<(Requirement & { members: number })[]> {
  const [requirements, counts] = await Promise.all([
    readRequirements(db, account),
    readHeadcounts(db, [account.id]),
  ])
  return requirements.map((requirement) => ({
    ...requirement,
    members: countPeople(counts, ({ roleGroups }) => roleGroups.includes(requirement.key)),
  }))
}
