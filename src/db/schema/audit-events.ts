import { sql } from 'drizzle-orm'
import { index, jsonb, pgEnum, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { id, instant } from '../columns.ts'

export const auditOutcome = pgEnum('audit_outcome', ['success', 'failure', 'refused'])

/** Append-only: a trigger refuses UPDATE and DELETE. No foreign keys: a record outlives what it speaks of. */
export const auditEvents = pgTable(
  'audit_events',
  {
    id: id(),
    at: instant('at').notNull(),
    clientId: uuid('client_id'),
    actorId: uuid('actor_id'),
    subjectId: uuid('subject_id'),
    action: text('action').notNull(),
    outcome: auditOutcome('outcome').notNull(),
    address: text('address'),
    userAgent: text('user_agent'),
    requestId: text('request_id'),
    details: jsonb('details').$type<Record<string, unknown>>().notNull().default({}),
  },
  (t) => [
    index('audit_events_client').on(t.clientId, t.id),
    index('audit_events_client_action').on(t.clientId, t.action, t.id),
    index('audit_events_subject').on(t.subjectId, t.id),
    // When somebody last signed in, for a whole page of people.
    index('audit_events_sign_ins')
      .on(t.subjectId, t.action, t.id)
      .where(sql`${t.outcome} = 'success' and ${t.action} in ('sign-in.completed', 'sign-in.password')`),
  ],
)
