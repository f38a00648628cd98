import { sql } from 'drizzle-orm'
import { auditEvents } from '../db/schema/audit-events.ts'

/** The columns of an event as the chain hashes it, whatever the time zone and the number formats of the session. */
export const storedEvent = {
  id: auditEvents.id,
  at: sql<string>`(extract(epoch from ${auditEvents.at}) * 1000000)::bigint::text`,
  clientId: auditEvents.clientId,
  actorId: auditEvents.actorId,
  subjectId: auditEvents.subjectId,
  action: auditEvents.action,
  outcome: auditEvents.outcome,
  address: auditEvents.address,
  userAgent: auditEvents.userAgent,
  requestId: auditEvents.requestId,
  details: sql<string>`${auditEvents.details}::text`,
}
