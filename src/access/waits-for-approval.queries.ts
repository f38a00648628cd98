import { and, eq, isNotNull, ne, or, sql } from 'drizzle-orm'
import type { Transaction } from '../platform/db/client.ts'
import { memberships, roleGroups } from '../platform/db/schema/role-groups.ts'
import { users } from '../platform/db/schema/users.ts'
import { type NamedGrant, needsApproval } from './rules.ts'

/** Whether giving these role groups in this account must wait until a second person has approved it. */
export async function waitsForApproval(
  tx: Transaction,
  clientId: string,
  given: readonly NamedGrant[],
): Promise<boolean> {
  // Few do, and only those need to know how the account stands.
  if (!given.some((roleGroup) => needsApproval(roleGroup, { isNew: false }))) return false
  const account = { isNew: await isNewAccount(tx, clientId) }
  return given.some((roleGroup) => needsApproval(roleGroup, account))
}

/**
 * Whether an account is new: no user in it was ever active, and none is its Admin, invited or disabled ones included.
 * An account that was left without Admins is not new: else one agent would disable the Admins and then make one. The
 * answer holds until the transaction ends: of two first Admins at once the second waits here.
 */
async function isNewAccount(tx: Transaction, clientId: string): Promise<boolean> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`administrators of ${clientId}`}, 0))`)
  const [someone] = await tx
    .select({ id: users.id })
    .from(users)
    .leftJoin(memberships, eq(memberships.userId, users.id))
    .leftJoin(roleGroups, eq(roleGroups.id, memberships.roleGroupId))
    .where(
      and(
        eq(users.clientId, clientId),
        ne(users.status, 'withdrawn'),
        or(isNotNull(users.activatedAt), eq(roleGroups.isAdmin, true)),
      ),
    )
    .limit(1)
  return someone === undefined
}
