import { and, countDistinct, eq, gt, gte, inArray, sql } from 'drizzle-orm'
import { adminsOf, agentsOf } from '../access/admins.queries.ts'
import { BURST_WITHIN_MS, FEWEST_IN_A_BURST, isBurst, WARN_HELPERS_EVERY_MS } from '../lockout/warnings.ts'
import { BY_THE_PRODUCT, record } from '../platform/audit/record.ts'
import type { Database, Reader, Transaction } from '../platform/db/client.ts'
import { auditEvents } from '../platform/db/schema/audit-events.ts'
import { lockouts } from '../platform/db/schema/lockouts.ts'
import { users } from '../platform/db/schema/users.ts'
import { notifyAll } from '../platform/mail/notify.ts'

/**
 * Mails those who help each account in which many people fail to sign in: its Admins, and the Service Desk where it is
 * needed. Once a day for each account.
 */
export async function warnOfFailures(db: Database, now: Date): Promise<void> {
  const since = new Date(now.getTime() - BURST_WITHIN_MS)
  for (const { clientId, failing } of await readFailing(db, since)) {
    const isActive = and(eq(users.clientId, clientId), eq(users.status, 'active'))
    const active = await db.$count(users, isActive)
    if (isBurst({ failing, active }))
      await db.transaction((tx) => warnOfBurst(tx, { clientId, failing, since, now }))
  }
}

async function warnOfBurst(
  tx: Transaction,
  { clientId, failing, since, now }: { clientId: string; failing: number; since: Date; now: Date },
): Promise<void> {
  await tx.execute(
    sql`select pg_advisory_xact_lock(hashtextextended(${`failures in account ${clientId}`}, 0))`,
  )
  const warnedToday = and(
    eq(auditEvents.clientId, clientId),
    eq(auditEvents.action, 'sign-in.many-failures'),
    gt(auditEvents.at, new Date(now.getTime() - WARN_HELPERS_EVERY_MS)),
  )
  if ((await tx.$count(auditEvents, warnedToday)) > 0) return

  const people = String(failing)
  const eventId = await record(tx, {
    ...BY_THE_PRODUCT,
    at: now,
    action: 'sign-in.many-failures',
    outcome: 'success',
    clientId,
    details: { people },
  })
  const facts = { people, clientId }
  const recipients = await recipientsOf(tx, clientId, since)
  await notifyAll(
    tx,
    recipients.map((to) => ({ to, kind: 'many-failures', eventId, facts }) as const),
  )
}

/** The Admins; the Service Desk too if Admins are among the people concerned, and alone if there is no active Admin. */
async function recipientsOf(tx: Transaction, clientId: string, since: Date): Promise<string[]> {
  const admins = await adminsOf(tx, clientId)
  const areFailing = and(inArray(lockouts.subject, admins), failedSince(since))
  const needsDesk = admins.length === 0 || (await tx.$count(lockouts, areFailing)) > 0
  return needsDesk ? [...new Set([...admins, ...(await agentsOf(tx))])] : admins
}

/** Accounts with at least the fewest people of a burst. Attempts in known browsers are no stranger's. */
function readFailing(db: Reader, since: Date) {
  const failing = countDistinct(users.id)
  return db
    .select({ clientId: users.clientId, failing })
    .from(lockouts)
    .innerJoin(users, eq(users.id, lockouts.subject))
    .where(failedSince(since))
    .groupBy(users.clientId)
    .having(gte(failing, FEWEST_IN_A_BURST))
}

/** A success has cleared the failures before it. */
function failedSince(since: Date) {
  return and(
    gt(lockouts.updatedAt, since),
    sql`exists (select from unnest(${lockouts.failedAt}) as failed(at) where failed.at > ${sql.param(since, lockouts.updatedAt)})`,
  )
}
