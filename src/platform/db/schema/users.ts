import { type SQLWrapper, sql } from 'drizzle-orm'
import { check, index, integer, pgEnum, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { id, instant } from '../columns.ts'
import { clients } from './clients.ts'

/**
 * Withdrawn: invited, never active, and taken back. The row stays for what the audit log says of it and gives its
 * address up; to everything else there is nobody (see toPerson).
 */
export const userStatus = pgEnum('user_status', ['invited', 'active', 'disabled', 'withdrawn'])

/** In "C" PostgreSQL folds A to Z and nothing else, whatever the locale of the database: as `canonicalEmail` does. */
export const foldedEmail = (email: SQLWrapper) => sql<string>`lower(${email} collate "C")`

export const users = pgTable(
  'users',
  {
    id: id(),
    clientId: uuid('client_id')
      .notNull()
      .references(() => clients.id, { onDelete: 'restrict' }),
    email: text('email').notNull(),
    name: text('name').notNull(),
    status: userStatus('status').notNull().default('invited'),
    passwordHash: text('password_hash'),
    /** Copied into the session at sign-in and compared on every request: raising it ends every session. */
    sessionEpoch: integer('session_epoch').notNull().default(0),
    createdAt: instant('created_at').notNull().defaultNow(),
    activatedAt: instant('activated_at'),
  },
  (t) => [
    uniqueIndex('users_email_key').on(foldedEmail(t.email)),
    check('users_email_trimmed', sql`${t.email} = btrim(${t.email}) and ${t.email} <> ''`),
    check('users_name_not_blank', sql`btrim(${t.name}) <> ''`),
    // Both are keys of indexes, which take no more than some 2,700 bytes.
    check('users_email_length', sql`char_length(${t.email}) <= 254`),
    check('users_name_length', sql`char_length(${t.name}) <= 200`),
    check('users_active_has_password', sql`${t.status} <> 'active' or ${t.passwordHash} is not null`),
    // What lists page by. Name, address and status stand at its end so that a term is looked for without the table.
    index('users_by_name').on(t.clientId, sql`lower(${t.name}) collate "C"`, t.id, t.name, t.email, t.status),
    index('users_search').using('gin', sql`lower(${t.name} || ' ' || ${t.email}) gin_trgm_ops`),
  ],
)

/** What a term is searched in. Its trigrams are indexed. */
export const searchedText = sql<string>`lower(${users.name} || ' ' || ${users.email})`
