import { index, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import type { SessionData } from 'express-session'
import type { SessionEnd } from '../../session-end.ts'
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

/** Why a session was ended, for the browser that still has its cookie. It opens nothing. */
export const sessionEnds = pgTable(
  'session_ends',
  {
    sessionId: text('session_id').primaryKey(),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    because: text('because').$type<SessionEnd>().notNull(),
    endedAt: instant('ended_at').notNull(),
  },
  (t) => [index('session_ends_ended').on(t.endedAt)],
)
