import { index, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import type { SessionData } from 'express-session'
import { instant } from '../columns.ts'
import { users } from './users.ts'

export const sessions = pgTable(
  'sessions',
  {
    /** SHA-256 of the session id, in hex. A leaked table reveals no session. */
    id: text('id').primaryKey(),
    userId: uuid('user_id').references(() => users.id, { onDelete: 'cascade' }),
    data: jsonb('data').$type<SessionData>().notNull(),
    address: text('address'),
    userAgent: text('user_agent'),
    createdAt: instant('created_at').notNull(),
    touchedAt: instant('touched_at').notNull(),
    expiresAt: instant('expires_at').notNull(),
  },
  (t) => [index('sessions_user').on(t.userId), index('sessions_expires').on(t.expiresAt)],
)
