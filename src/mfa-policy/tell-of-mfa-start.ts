import { and, asc, eq, gt, inArray, sql } from 'drizzle-orm'
import { mfaRequiredFrom } from '../gate/mfa-required.ts'
import type { Transaction } from '../platform/db/client.ts'
import { listings } from '../platform/db/schema/listings.ts'
import { memberships, mfaPolicies } from '../platform/db/schema/role-groups.ts'
import { users } from '../platform/db/schema/users.ts'
import { notifyAll } from '../platform/mail/notify.ts'
import { enqueue } from '../platform/outbox/enqueue.ts'
import type { JobPayloads } from '../platform/outbox/jobs.ts'
import { readUserRows } from '../users/user-rows.queries.ts'

const BATCH = 500

/**
 * Queues a mail to each active user who is not enrolled and of whom MFA will be required from this start on. A full
 * batch enqueues the next one. A start that was changed since sends no mail: its change has a job of its own.
 */
export async function tellOfMfaStart(
  tx: Transaction,
  { clientId, eventId, startsAt, after }: JobPayloads['tell-of-mfa-start'],
  now: Date,
): Promise<void> {
  const start = new Date(startsAt)
  const holdsRequired = sql`exists (
    select from ${memberships} join ${mfaPolicies} on ${mfaPolicies.roleGroupId} = ${memberships.roleGroupId}
    where ${memberships.userId} = ${users.id}
      and ${mfaPolicies.clientId} = ${users.clientId} and ${eq(mfaPolicies.startsAt, start)}
  )`
  const batch = await tx
    .select({ id: users.id })
    .from(users)
    .innerJoin(listings, and(eq(listings.userId, users.id), eq(listings.listedUnder, users.clientId)))
    .where(
      and(
        eq(users.clientId, clientId),
        eq(listings.enrolled, false),
        eq(listings.status, 'active'),
        holdsRequired,
        after === undefined ? undefined : gt(users.id, after),
      ),
    )
    .orderBy(asc(users.id))
    .limit(BATCH)
    .for('no key update', { of: users })
  const rows = await readUserRows(
    tx,
    batch.map(({ id }) => id),
  )
  const notified = rows.flatMap(({ person }) =>
    !person.clientSuspended && mfaRequiredFrom(person, now)?.getTime() === start.getTime() ? [person.id] : [],
  )
  if (notified.length > 0)
    await tx.update(users).set({ mfaRemindedAt: now }).where(inArray(users.id, notified))
  await notifyAll(
    tx,
    notified.map((to) => ({ to, kind: 'mfa-required-from' as const, eventId, facts: { startsAt } })),
  )
  const last = batch.at(-1)
  if (last && batch.length === BATCH)
    await enqueue(tx, 'tell-of-mfa-start', { clientId, eventId, startsAt, after: last.id })
}
