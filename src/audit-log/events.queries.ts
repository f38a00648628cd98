import { and, desc, eq, ne, type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import { alias, unionAll } from 'drizzle-orm/pg-core'
import type { Reader } from '../platform/db/client.ts'
import { approvals } from '../platform/db/schema/approvals.ts'
import { auditEvents, auditPersonal } from '../platform/db/schema/audit-events.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { users } from '../platform/db/schema/users.ts'
import type { EventRow } from './event-sentence.ts'

const actors = alias(users, 'actors')
const actorAccounts = alias(clients, 'actor_accounts')
const accounts = alias(clients, 'accounts')
const subjects = alias(users, 'subjects')

/** A withdrawn or erased user has none. */
const emailOf = ({ status, email }: Record<'status' | 'email', SQLWrapper>) =>
  sql<string | null>`case when ${status} <> 'withdrawn' then ${email} end`

/** Names are read from the rows that have them, so that the person can be erased. */
const namesFor = (details: SQLWrapper, subjectId: SQLWrapper) => ({
  /** A person to be invited after an approval. Null once the case is removed. */
  inviteeName: sql<string | null>`case when ${subjectId} is null and ${details} ? 'approvalId' then (
    select ${approvals.name} from ${approvals} where ${approvals.id} = (${details} ->> 'approvalId')::uuid) end`,
  approverName: sql<string | null>`case when ${details} ? 'approverId' then (
    select ${users.name} from ${users} where ${users.id} = (${details} ->> 'approverId')::uuid) end`,
})

/** The newest events that meet any of the conditions: one query each, since each has an index of its own. */
export function readEvents(
  db: Reader,
  condition: SQL | undefined | readonly (SQL | undefined)[],
  limit: number,
): Promise<EventRow[]> {
  const [first, ...others]: readonly (SQL | undefined)[] = Array.isArray(condition) ? condition : [condition]
  const part = (where: SQL | undefined) =>
    db
      .select()
      .from(auditEvents)
      .where(where)
      .orderBy(desc(auditEvents.at), desc(auditEvents.id))
      .limit(limit)
  const [second, ...rest] = others.map(part)
  const parts = (second ? unionAll(part(first), second, ...rest) : part(first)).as('parts')
  const newest = (second ? db.selectDistinctOn([parts.at, parts.id]) : db.select())
    .from(parts)
    .orderBy(desc(parts.at), desc(parts.id))
    .limit(limit)
    .as('newest')
  return db
    .select({
      id: newest.id,
      clientName: accounts.name,
      at: newest.at,
      action: newest.action,
      outcome: newest.outcome,
      actorId: newest.actorId,
      subjectId: newest.subjectId,
      actorName: actors.name,
      actorEmail: emailOf(actors),
      byServiceDesk: sql<boolean>`coalesce(${actorAccounts.isPlatform}, false)`,
      subjectName: subjects.name,
      subjectEmail: emailOf(subjects),
      subjectClientId: subjects.clientId,
      address: newest.address,
      userAgent: newest.userAgent,
      requestId: newest.requestId,
      // What is sealed wins: a row of audit_personal can be forged with the rights of web.
      details: sql<Record<string, unknown>>`coalesce(${auditPersonal.details}, '{}') || ${newest.details}`,
      ...namesFor(newest.details, newest.subjectId),
    })
    .from(newest)
    .leftJoin(actors, eq(actors.id, newest.actorId))
    .leftJoin(
      actorAccounts,
      and(eq(actorAccounts.id, actors.clientId), ne(actorAccounts.id, newest.clientId)),
    )
    .leftJoin(accounts, eq(accounts.id, newest.clientId))
    .leftJoin(subjects, eq(subjects.id, newest.subjectId))
    .leftJoin(auditPersonal, eq(auditPersonal.eventId, newest.id))
    .orderBy(desc(newest.at), desc(newest.id))
}
