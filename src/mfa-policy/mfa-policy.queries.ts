import { and, asc, count, desc, eq, sql } from 'drizzle-orm'
import type { Account } from '../access/view-account.ts'
import type { Reader } from '../db/client.ts'
import { memberships, mfaPolicies, roleGroups } from '../db/schema/role-groups.ts'
import { users } from '../db/schema/users.ts'
import { sortName } from '../users/find-users.queries.ts'

/** Members are counted among this many users of an account, no more: a page does not read a million rows. */
const COUNTED = 10_000

export interface PolicyPage {
  roleGroups: { key: string; name: string; requiresMfa: boolean; members: number }[]
  /** The account is larger than what was counted: there may be more members. */
  countedInPart: boolean
}

/** The MFA policy of an account: its role groups, the highest first, and whether each requires MFA. */
export async function readPolicy(
  db: Reader,
  account: Pick<Account, 'id' | 'isPlatform'>,
): Promise<PolicyPage> {
  const counted = db
    .select({ id: users.id })
    .from(users)
    .where(eq(users.clientId, account.id))
    .orderBy(sortName, asc(users.id))
    .limit(COUNTED)
    .as('counted')
  // The limit, which nobody reaches, has them looked up user by user: else all memberships there are would be read.
  const held = db
    .select({ roleGroupId: memberships.roleGroupId })
    .from(memberships)
    .where(eq(memberships.userId, counted.id))
    .limit(100)
    .as('held')
  const members = db
    .select({ roleGroupId: held.roleGroupId, number: count().as('number') })
    .from(counted)
    .innerJoinLateral(held, sql`true`)
    .groupBy(held.roleGroupId)
    .as('members')
  const rows = await db
    .select({
      key: roleGroups.key,
      name: roleGroups.name,
      requiresMfa: sql<boolean>`${mfaPolicies.clientId} is not null or ${roleGroups.ofPlatform}`,
      members: sql<number>`coalesce(${members.number}, 0)::int`,
    })
    .from(roleGroups)
    .leftJoin(
      mfaPolicies,
      and(eq(mfaPolicies.roleGroupId, roleGroups.id), eq(mfaPolicies.clientId, account.id)),
    )
    .leftJoin(members, eq(members.roleGroupId, roleGroups.id))
    .where(eq(roleGroups.ofPlatform, account.isPlatform))
    .orderBy(desc(roleGroups.rank), roleGroups.name)
  const [oneMore] = await db
    .select({ id: users.id })
    .from(users)
    .where(eq(users.clientId, account.id))
    .orderBy(sortName, asc(users.id))
    .offset(COUNTED)
    .limit(1)
  return { roleGroups: rows, countedInPart: oneMore !== undefined }
}
