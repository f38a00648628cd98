import { desc, eq, type SQL } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import type { Reader } from '../db/client.ts'
import { auditEvents } from '../db/schema/audit-events.ts'
import { users } from '../db/schema/users.ts'
import type { EventFacts } from './event-sentence.ts'

const actors = alias(users, 'actors')
const subjects = alias(users, 'subjects')

/** An audit event with the names of those it speaks of; null where it names nobody. */
export interface EventRow extends EventFacts {
  id: string
  at: Date
  address: string | null
  userAgent: string | null
  requestId: string | null
  subjectClientId: string | null
}

/** The newest events that meet `condition`, at most `limit`. */
export function readEvents(db: Reader, condition: SQL | undefined, limit: number): Promise<EventRow[]> {
  return db
    .select({
      id: auditEvents.id,
      at: auditEvents.at,
      action: auditEvents.action,
      outcome: auditEvents.outcome,
      actorId: auditEvents.actorId,
      subjectId: auditEvents.subjectId,
      actorName: actors.name,
      subjectName: subjects.name,
      subjectClientId: subjects.clientId,
      address: auditEvents.address,
      userAgent: auditEvents.userAgent,
      requestId: auditEvents.requestId,
      details: auditEvents.details,
    })
    .from(auditEvents)
    .leftJoin(actors, eq(actors.id, auditEvents.actorId))
    .leftJoin(subjects, eq(subjects.id, auditEvents.subjectId))
    .where(condition)
    .orderBy(desc(auditEvents.id))
    .limit(limit)
}
