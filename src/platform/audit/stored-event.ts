import { sql } from 'drizzle-orm'
import { auditEvents } from '../db/schema/audit-events.ts'

/** The hashed columns, independent of the time zone and number format of the database session. */
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
