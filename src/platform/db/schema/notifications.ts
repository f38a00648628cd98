import { index, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { id, instant } from '../columns.ts'
import { auditEvents } from './audit-events.ts'
import { users } from './users.ts'

/** A mail to a user. The worker renders it when sending. The id is part of its Message-ID. */
export const notifications = pgTable(
  'notifications',
  {
    id: id(),
    /** Null for a password reset of an unknown address: same cost, no mail. */
    recipientId: uuid('recipient_id').references(() => users.id, { onDelete: 'restrict' }),
    kind: text('kind').notNull(),
    eventId: uuid('event_id').references(() => auditEvents.id, { onDelete: 'restrict' }),
    facts: jsonb('facts').$type<Record<string, string>>().notNull().default({}),
    createdAt: instant('created_at').notNull().defaultNow(),
    sentAt: instant('sent_at'),
  },
  (t) => [index('notifications_recipient').on(t.recipientId, t.id)],
)
