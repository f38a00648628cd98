import { type SQLWrapper, sql } from 'drizzle-orm'
import { check, index, integer, pgEnum, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { id, instant } from '../columns.ts'
import { clients } from './clients.ts'

/** Withdrawn: the invitation was taken back, or the person was erased. The row stays for the audit log. See toPerson. */
export const userStatus = pgEnum('user_status', ['invited', 'active', 'disabled', 'withdrawn'])

/** Collation "C" folds A to Z only, like `canonicalEmail`. */
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
    /** Each session holds a copy that every request compares. An increment ends all sessions. */
    sessionEpoch: integer('session_epoch').notNull().default(0),
    createdAt: instant('created_at').notNull().defaultNow(),
    activatedAt: instant('activated_at'),
    /** The last mail that asked to set up MFA: one a day at most. */
    mfaRemindedAt: instant('mfa_reminded_at'),
    withdrawnAt: instant('withdrawn_at'),
    /** From then on the row holds no personal data, and `name` is a pseudonym. */
    erasedAt: instant('erased_at'),
  },
  (t) => [
    uniqueIndex('users_email_key').on(foldedEmail(t.email)),
    check('users_email_trimmed', sql`${t.email} = btrim(${t.email}) and ${t.email} <> ''`),
    check('users_name_not_blank', sql`btrim(${t.name}) <> ''`),
    // Index keys are limited to about 2,700 bytes.
    check('users_email_length', sql`char_length(${t.email}) <= 254`),
    check('users_name_length', sql`char_length(${t.name}) <= 200`),
    check('users_active_has_password', sql`${t.status} <> 'active' or ${t.passwordHash} is not null`),
    check('users_erased_are_withdrawn', sql`${t.erasedAt} is null or ${t.status}::text = 'withdrawn'`),
    index('users_to_erase')
      .on(t.withdrawnAt)
      .where(sql`${t.withdrawnAt} is not null and ${t.erasedAt} is null`),
    // Order of the lists. Name, address and status make a search an index-only scan.
    index('users_by_name').on(
      t.clientId,
      sql`lower(${t.name}) collate "und-x-icu"`,
      t.id,
      t.name,
      t.email,
      t.status,
    ),
    index('users_search').using('gin', sql`lower(${t.name} || ' ' || ${t.email}) gin_trgm_ops`),
  ],
)

/** The name of an erased user. From the id, so that their events can still be told from those of others. */
export const formerName = (id: SQLWrapper | string) =>
  sql<string>`'Former user ' || upper(right(${id}::text, 4))`
/** Instead of the address, which is free again. No user can be invited with it. */
export const addressOfWithdrawn = sql<string>`${users.id}::text || '@withdrawn.invalid'`

export const searchedText = sql<string>`lower(${users.name} || ' ' || ${users.email})`
