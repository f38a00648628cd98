import { and, gt, sql } from 'drizzle-orm'
import { z } from 'zod'
import { actOnUser, type UserOutcome, type UserRequest } from '../access/act-on-user.ts'
import type { ActDeps } from '../access/act-request.ts'
import { evidenceReader } from '../access/evidence.ts'
import type { Refusal } from '../access/refusals.ts'
import { mayRemindUser } from '../access/rules.ts'
import type { Person } from '../gate/facts.ts'
import { mfaRequired } from '../gate/mfa-required.ts'
import { record } from '../platform/audit/record.ts'
import type { Reader } from '../platform/db/client.ts'
import { users } from '../platform/db/schema/users.ts'
import { uuidArray } from '../platform/db/uuid-array.ts'
import { REMINDER_REST_MS } from './reminder-times.ts'
import { sendReminders } from './send-reminders.ts'

/** A reminder only sends mail: no reason is asked of an Admin or the Service Desk. */
export const readNoEvidence = evidenceReader(z.object({}), z.object({}), [])

/** Mails one user who must still set up MFA, at most once a day. */
export function remindUserOfMfa(deps: ActDeps, request: UserRequest): Promise<UserOutcome<never>> {
  return actOnUser(deps, request, {
    action: 'mfa.reminded',
    rule: mayRemindUser,
    readEvidence: readNoEvidence,
    limit: async (tx, person, now) => {
      const reminded = await readReminded(tx, [person.id], now)
      const refusal = reminderRefusal(person, reminded, now)
      return refusal && { refusal }
    },
    carryOut: async (tx, { id }, event) => {
      const eventId = await record(tx, event)
      await sendReminders(tx, [id], { eventId, now: event.at })
    },
  })
}

/** `reminded`: ids of those who had a reminder within a day. */
export function reminderRefusal(person: Person, reminded: ReadonlySet<string>, now: Date): Refusal | null {
  const isOverdue = person.status === 'active' && !person.authenticator && mfaRequired(person, now)
  if (!isOverdue) return 'not-overdue'
  return reminded.has(person.id) ? 'reminded-today' : null
}

/** Those of these users who had a reminder within a day. */
export async function readReminded(
  db: Reader,
  ids: readonly string[],
  now: Date,
): Promise<ReadonlySet<string>> {
  const since = new Date(now.getTime() - REMINDER_REST_MS)
  const rows = await db
    .select({ id: users.id })
    .from(users)
    .where(and(sql`${users.id} = any(${uuidArray(ids)})`, gt(users.mfaRemindedAt, since)))
  return new Set(rows.map(({ id }) => id))
}
