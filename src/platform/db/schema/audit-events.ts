import { sql } from 'drizzle-orm'
import { index, jsonb, pgEnum, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { id, instant } from '../columns.ts'

export const auditOutcome = pgEnum('audit_outcome', ['success', 'failure', 'refused'])

/** Append-only: a trigger refuses UPDATE and DELETE. No foreign keys: events outlive the rows they name. */
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
    index('audit_events_by_time').on(t.clientId, t.at, t.id),
    index('audit_events_by_action').on(t.clientId, t.action, t.outcome, t.at, t.id),
    index('audit_events_by_actor').on(t.clientId, t.actorId, t.at, t.id).where(sql`${t.actorId} is not null`),
    index('audit_events_by_subject')
      .on(t.clientId, t.subjectId, t.at, t.id)
      .where(sql`${t.subjectId} is not null`),
    index('audit_events_subject').on(t.subjectId, t.id),
    index('audit_events_by_ticket')
      .on(sql`lower(${t.details} ->> 'ticket')`, t.at, t.id)
      .where(sql`${t.details} ? 'ticket'`),
    index('audit_events_failed_sign_ins')
      .on(t.clientId, t.at)
      .where(sql`${t.outcome} = 'failure' and ${t.action} in ('sign-in.password', 'sign-in.code')`),
  ],
)

/** Names and addresses that an event is about, beside the log: they are erased with the person, and not sealed. */
export const auditPersonal = pgTable(
  'audit_personal',
  {
    eventId: uuid('event_id')
      .primaryKey()
      .references(() => auditEvents.id, { onDelete: 'restrict' }),
    personId: uuid('person_id').notNull(),
    details: jsonb('details').$type<Record<string, string>>().notNull(),
  },
  (t) => [index('audit_personal_person').on(t.personId)],
)
