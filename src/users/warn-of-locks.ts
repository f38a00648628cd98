import { and, eq, gt } from 'drizzle-orm'
import { helpersOf } from '../access/admins.queries.ts'
import { readPerson } from '../gate/read-person.queries.ts'
import { LOCKED_PEOPLE_MAILED, LOCKS_WITHIN_MS, WARN_HELPERS_EVERY_MS } from '../lockout/warnings.ts'
import { BY_THE_PRODUCT, record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { auditEvents } from '../platform/db/schema/audit-events.ts'
import { users } from '../platform/db/schema/users.ts'
import { notifyAll } from '../platform/mail/notify.ts'

/** Mails those who may unlock a person that the lock of this event was one of many. Once a day, also if it runs twice. */
export async function warnOfLocks(tx: Transaction, eventId: string, now: Date): Promise<void> {
  const [lock] = await tx.select().from(auditEvents).where(eq(auditEvents.id, eventId))
  if (lock?.action !== 'lockout.started' || !lock.subjectId) return
  await tx.select({ id: users.id }).from(users).where(eq(users.id, lock.subjectId)).for('no key update')
  const person = await readPerson(tx, lock.subjectId)
  if (!person) return

  const { id, clientId } = person
  const about = eq(auditEvents.subjectId, id)
  const since = (ms: number) => and(eq(auditEvents.clientId, clientId), gt(auditEvents.at, ago(now, ms)))
  const warnings = and(since(WARN_HELPERS_EVERY_MS), eq(auditEvents.action, 'lockout.repeated'))
  if ((await tx.$count(auditEvents, and(warnings, about))) > 0) return
  if ((await tx.$count(auditEvents, warnings)) >= LOCKED_PEOPLE_MAILED) return

  const isLock = eq(auditEvents.action, 'lockout.started')
  const locks = String(await tx.$count(auditEvents, and(since(LOCKS_WITHIN_MS), about, isLock)))
  await record(tx, {
    ...BY_THE_PRODUCT,
    at: now,
    action: 'lockout.repeated',
    outcome: 'success',
    clientId,
    subjectId: id,
    details: { locks },
  })
  const facts = { locks, userId: id }
  const helpers = await helpersOf(tx, person)
  await notifyAll(
    tx,
    helpers.map((to) => ({ to, kind: 'locked-repeatedly', eventId, facts }) as const),
  )
}

function ago(now: Date, ms: number): Date {
  return new Date(now.getTime() - ms)
}
