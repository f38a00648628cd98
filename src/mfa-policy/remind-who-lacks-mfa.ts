import { and, asc, inArray, isNull, lte, or } from 'drizzle-orm'
import type { Database, Transaction } from '../platform/db/client.ts'
import { users } from '../platform/db/schema/users.ts'
import { notifyAll, type PendingMail } from '../platform/mail/notify.ts'
import type { Clock } from '../platform/time/clock.ts'
import {
  type LackingPerson,
  type Place,
  readAccountsLackingMfa,
  readLacking,
} from './lacking-people.queries.ts'
import { appliesFrom, isReminderDue, REMINDER_REST_MS } from './reminder-times.ts'

/** Queues the reminders that are due, account by account, each batch in a transaction of its own. */
export async function remindWhoLacksMfa(db: Database, clock: Clock): Promise<void> {
  for (const clientId of await readAccountsLackingMfa(db)) {
    let after: Place | null = null
    do {
      const place: Place | null = after
      after = await db.transaction((tx) => remindBatch(tx, clientId, place, clock.now()))
    } while (after !== null)
  }
}

async function remindBatch(
  tx: Transaction,
  clientId: string,
  after: Place | null,
  now: Date,
): Promise<Place | null> {
  const { people, next } = await readLacking(tx, clientId, after)
  const due = people.flatMap((person) => {
    const applies = appliesFrom(person)
    return applies && isReminderDue(applies, person.remindedAt, now) ? [{ ...person, applies }] : []
  })
  const taken = await takeTurns(tx, due, now)
  const reminded = due.filter(({ id }) => taken.has(id))
  await notifyAll(
    tx,
    reminded.map((person) => reminderFor(person, now)),
  )
  return next
}

function reminderFor(
  { id: to, applies }: { id: string; applies: Date },
  now: Date,
): PendingMail<'mfa-reminder' | 'mfa-required-from'> {
  return applies > now
    ? { to, eventId: null, kind: 'mfa-required-from', facts: { startsAt: applies.toISOString() } }
    : { to, eventId: null, kind: 'mfa-reminder', facts: {} }
}

/** Marks people as reminded. Returns those whom no other worker has marked. */
async function takeTurns(
  tx: Transaction,
  due: readonly LackingPerson[],
  now: Date,
): Promise<ReadonlySet<string>> {
  if (due.length === 0) return new Set()
  const isDue = and(
    inArray(
      users.id,
      due.map(({ id }) => id),
    ),
    or(isNull(users.mfaRemindedAt), lte(users.mfaRemindedAt, new Date(now.getTime() - REMINDER_REST_MS))),
  )
  // In the order of ids, as every command that locks several users: no deadlock.
  await tx.select({ id: users.id }).from(users).where(isDue).orderBy(asc(users.id)).for('no key update')
  const rows = await tx.update(users).set({ mfaRemindedAt: now }).where(isDue).returning({ id: users.id })
  return new Set(rows.map(({ id }) => id))
}
