import { eq, inArray } from 'drizzle-orm'
import type { Reader } from '../db/client.ts'
import { clients } from '../db/schema/clients.ts'
import { mfaPolicies, roleGroups } from '../db/schema/role-groups.ts'
import { mfaRequired } from '../gate/facts.ts'
import { countPeople, type Headcount, readHeadcounts } from '../users/headcounts.queries.ts'

/** How far MFA covers the people of an account. Disabled users do not count. */
export interface Coverage {
  people: number
  enrolled: number
  /** MFA is required of them and they have no authenticator. */
  missing: number
}

/** The coverage of these accounts, by their ids. */
export async function readCoverage(db: Reader, clientIds: readonly string[]): Promise<Map<string, Coverage>> {
  if (clientIds.length === 0) return new Map()
  const ids = [...clientIds]
  const accounts = await db
    .select({ id: clients.id, ofPlatform: clients.isPlatform })
    .from(clients)
    .where(inArray(clients.id, ids))
  const policies = await db
    .select({ clientId: mfaPolicies.clientId, key: roleGroups.key })
    .from(mfaPolicies)
    .innerJoin(roleGroups, eq(roleGroups.id, mfaPolicies.roleGroupId))
    .where(inArray(mfaPolicies.clientId, ids))
  const headcounts = await readHeadcounts(db, ids)
  const coverages = accounts.map(({ id, ofPlatform }): [string, Coverage] => {
    const required = new Set(policies.filter(({ clientId }) => clientId === id).map(({ key }) => key))
    const counts = headcounts.filter(({ clientId, status }) => clientId === id && status !== 'disabled')
    const isRequired = ({ roleGroups: keys }: Headcount) =>
      mfaRequired({ ofPlatform, roleGroups: keys.map((key) => ({ requiresMfa: required.has(key) })) })
    return [
      id,
      {
        people: countPeople(counts, () => true),
        enrolled: countPeople(counts, ({ enrolled }) => enrolled),
        missing: countPeople(counts, (count) => !count.enrolled && isRequired(count)),
      },
    ]
  })
  return new Map(coverages)
}
