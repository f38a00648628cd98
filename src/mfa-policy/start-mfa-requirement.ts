import { and, eq, gt, inArray, isNull, lte, min } from 'drizzle-orm'
import { accountById } from '../access/accounts.queries.ts'
import { NO_REQUEST, record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { mfaPolicies, roleGroups } from '../platform/db/schema/role-groups.ts'
import { enqueue } from '../platform/outbox/enqueue.ts'
import type { Clock } from '../platform/time/clock.ts'

/**
 * Records that requirements of an account have begun, and has the grants of applications ended. The gate compares the
 * time itself and needs no job. Repeated it does nothing. Returns when to run again if it is too early.
 */
export async function startMfaRequirement(
  tx: Transaction,
  clientId: string,
  clock: Clock,
): Promise<{ again: Date } | null> {
  // The lock that a change of the policy takes: a start is not recorded while it is being postponed.
  await accountById(tx, clientId).for('no key update')
  const now = clock.now()
  const begun = await tx
    .update(mfaPolicies)
    .set({ startedAt: now })
    .where(
      and(eq(mfaPolicies.clientId, clientId), lte(mfaPolicies.startsAt, now), isNull(mfaPolicies.startedAt)),
    )
    .returning({ roleGroupId: mfaPolicies.roleGroupId })
  if (begun.length === 0) return nextStart(tx, clientId, now)

  const groups = await tx
    .select({ key: roleGroups.key })
    .from(roleGroups)
    .where(
      inArray(
        roleGroups.id,
        begun.map(({ roleGroupId }) => roleGroupId),
      ),
    )
    .orderBy(roleGroups.key)
  await record(tx, {
    at: now,
    action: 'mfa-policy.started',
    outcome: 'success',
    origin: NO_REQUEST,
    clientId,
    actorId: null,
    subjectId: null,
    details: { added: groups.map(({ key }) => key) },
  })
  await enqueue(tx, 'end-grants', { of: 'client', id: clientId })
  return null
}

async function nextStart(tx: Transaction, clientId: string, now: Date): Promise<{ again: Date } | null> {
  const [next] = await tx
    .select({ startsAt: min(mfaPolicies.startsAt) })
    .from(mfaPolicies)
    .where(and(eq(mfaPolicies.clientId, clientId), gt(mfaPolicies.startsAt, now)))
  return next?.startsAt ? { again: next.startsAt } : null
}
