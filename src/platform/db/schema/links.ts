import { sql } from 'drizzle-orm'
import { index, integer, pgTable, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { bytea, id, instant } from '../columns.ts'
import { clients } from './clients.ts'
import { users } from './users.ts'

/** An invitation: the single-use link a new user activates the account with. Only the token's SHA-256 is kept. */
export const invitations = pgTable(
  'invitations',
  {
    id: id(),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'restrict' }),
    /** The account it is counted for; null where an older version, still running during an update, wrote it. */
    clientId: uuid('client_id').references(() => clients.id, { onDelete: 'restrict' }),
    tokenHash: bytea('token_hash').notNull().unique(),
    invitedBy: uuid('invited_by').references(() => users.id, { onDelete: 'restrict' }),
    createdAt: instant('created_at').notNull().defaultNow(),
    expiresAt: instant('expires_at').notNull(),
    usedAt: instant('used_at'),
    /** Sent again (the old link dies) or withdrawn. */
    revokedAt: instant('revoked_at'),
    /** When the reminder of the last day was owed: there is one at most. */
    remindedAt: instant('reminded_at'),
  },
  (t) => [
    index('invitations_user').on(t.userId, t.createdAt),
    uniqueIndex('invitations_one_open')
      .on(t.userId)
      .where(sql`${t.usedAt} is null and ${t.revokedAt} is null`),
    index('invitations_sent').on(t.clientId, t.createdAt),
    index('invitations_open')
      .on(t.clientId, t.expiresAt)
      .where(sql`${t.usedAt} is null and ${t.revokedAt} is null`),
  ],
)

/** A link for a forgotten password. An unknown address gets a row too (without a user), so that both cost the same. */
export const passwordResets = pgTable(
  'password_resets',
  {
    id: id(),
    /** Whose requests share the link: the user's id, or one derived from an unknown address. */
    subject: uuid('subject').notNull().default(sql`uuidv7()`),
    userId: uuid('user_id').references(() => users.id, { onDelete: 'restrict' }),
    tokenHash: bytea('token_hash').notNull().unique(),
    /** How many mails with the link were queued. */
    mails: integer('mails').notNull().default(0),
    createdAt: instant('created_at').notNull().defaultNow(),
    expiresAt: instant('expires_at').notNull(),
    usedAt: instant('used_at'),
  },
  (t) => [
    index('password_resets_subject').on(t.subject),
    index('password_resets_user').on(t.userId, t.createdAt),
    index('password_resets_expires').on(t.expiresAt),
  ],
)
