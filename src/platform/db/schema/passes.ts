import { index, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { bytea, instant } from '../columns.ts'
import { applications } from './applications.ts'
import { sessions } from './sessions.ts'

/** The cookie of forward authentication at one host. It ends with its session. */
export const passes = pgTable(
  'passes',
  {
    /** SHA-256 of the cookie's value. */
    passHash: bytea('pass_hash').primaryKey(),
    sessionId: text('session_id')
      .notNull()
      .references(() => sessions.id, { onUpdate: 'cascade', onDelete: 'cascade' }),
    applicationId: uuid('application_id')
      .notNull()
      .references(() => applications.id, { onDelete: 'cascade' }),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [index('passes_session').on(t.sessionId), index('passes_application').on(t.applicationId)],
)

/** One-time codes that carry a pass from the gate to a host. */
export const passCodes = pgTable(
  'pass_codes',
  {
    codeHash: bytea('code_hash').primaryKey(),
    sessionId: text('session_id')
      .notNull()
      .references(() => sessions.id, { onUpdate: 'cascade', onDelete: 'cascade' }),
    applicationId: uuid('application_id')
      .notNull()
      .references(() => applications.id, { onDelete: 'cascade' }),
    /** SHA-256 of the cookie with which this browser began at the host. */
    begunHash: bytea('begun_hash').notNull(),
    expiresAt: instant('expires_at').notNull(),
  },
  (t) => [index('pass_codes_session').on(t.sessionId), index('pass_codes_expires').on(t.expiresAt)],
)
