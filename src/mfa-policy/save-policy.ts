import { and, eq, inArray } from 'drizzle-orm'
import type { Transaction } from '../platform/db/client.ts'
import { mfaPolicies } from '../platform/db/schema/role-groups.ts'
import type { RoleGroupPolicy } from './mfa-policy.queries.ts'
import { type PolicyChange, restarted } from './policy-change.ts'

/** Writes a change that was judged. The caller holds the lock of the account. */
export async function savePolicy(
  tx: Transaction,
  {
    clientId,
    policy,
    change,
    startsAt,
  }: {
    clientId: string
    policy: readonly RoleGroupPolicy[]
    change: PolicyChange
    startsAt: Date | null
  },
  now: Date,
): Promise<void> {
  const idsOf = (keys: readonly string[]) => policy.flatMap(({ id, key }) => (keys.includes(key) ? [id] : []))
  const restartedIds = idsOf(restarted(change))
  const start = { createdAt: now, startsAt, startedAt: null }
  if (restartedIds.length > 0)
    await tx
      .insert(mfaPolicies)
      .values(restartedIds.map((roleGroupId) => ({ clientId, roleGroupId, ...start })))
      .onConflictDoUpdate({ target: [mfaPolicies.clientId, mfaPolicies.roleGroupId], set: start })
  const removed = idsOf(change.removed)
  if (removed.length > 0)
    await tx
      .delete(mfaPolicies)
      .where(and(eq(mfaPolicies.clientId, clientId), inArray(mfaPolicies.roleGroupId, removed)))
}
