import { index, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { id, instant } from '../columns.ts'
import { auditEvents } from './audit-events.ts'
import { users } from './users.ts'

/** A mail that is owed to a user. What it says is read when it is sent; its Message-ID is this id. */
export const notifications = pgTable(
  'notifications',
  {
    id: id(),
    /** Null for a password reset asked for an address nobody has: it costs the same and sends nothing. */
    recipientId: uuid('recipient_id').references(() => users.id, { onDelete: 'restrict' }),
    kind: text('kind').notNull(),
    /** The audit event it tells of: when, from where, by whom. */
    eventId: uuid('event_id').references(() => auditEvents.id, { onDelete: 'restrict' }),
    /** Ids and times that the text needs (an invitation's id, the end of a lock). Never a secret. */
    facts: jsonb('facts').$type<Record<string, string>>().notNull().default({}),
    createdAt: instant('created_at').notNull().defaultNow(),
    sentAt: instant('sent_at'),
  },
  (t) => [index('notifications_recipient').on(t.recipientId, t.id)],
)
