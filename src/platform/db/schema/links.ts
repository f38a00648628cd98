import { sql } from 'drizzle-orm'
import { index, integer, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { bytea, id, instant } from '../columns.ts'
import { clients } from './clients.ts'
import { users } from './users.ts'

/** The single-use link with which a new user activates the account. Only the SHA-256 of its token is stored. */
export const invitations = pgTable(
  'invitations',
  {
    id: id(),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'restrict' }),
    /** For the limits of the account. Null if written by an older version during an update. */
    clientId: uuid('client_id').references(() => clients.id, { onDelete: 'restrict' }),
    tokenHash: bytea('token_hash').notNull().unique(),
    invitedBy: uuid('invited_by').references(() => users.id, { onDelete: 'restrict' }),
    createdAt: instant('created_at').notNull().defaultNow(),
    expiresAt: instant('expires_at').notNull(),
    usedAt: instant('used_at'),
    revokedAt: instant('revoked_at'),
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

/** A link for a forgotten password. An unknown address also gets a row, so that both cost the same. */
export const passwordResets = pgTable(
  'password_resets',
  {
    id: id(),
    /** Requests of a subject share a link. The user's id, or an id derived from an unknown address. */
    subject: uuid('subject').notNull().default(sql`uuidv7()`),
    userId: uuid('user_id').references(() => users.id, { onDelete: 'restrict' }),
    tokenHash: bytea('token_hash').notNull().unique(),
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

/** A change of the address that a user signs in with. Only the link in the mail to the new address completes it. */
export const emailChanges = pgTable(
  'email_changes',
  {
    id: id(),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'restrict' }),
    oldEmail: text('old_email').notNull(),
    newEmail: text('new_email').notNull(),
    tokenHash: bytea('token_hash').notNull().unique(),
    /** The session epochs of both when it was asked for: what ends all sessions of one of them ends the change. */
    epoch: integer('epoch').notNull(),
    requestedBy: uuid('requested_by')
      .notNull()
      .references(() => users.id, { onDelete: 'restrict' }),
    requesterEpoch: integer('requester_epoch').notNull(),
    createdAt: instant('created_at').notNull(),
    expiresAt: instant('expires_at').notNull(),
    usedAt: instant('used_at'),
    revokedAt: instant('revoked_at'),
  },
  (t) => [
    uniqueIndex('email_changes_one_open')
      .on(t.userId)
      .where(sql`${t.usedAt} is null and ${t.revokedAt} is null`),
    index('email_changes_requested').on(t.requestedBy, t.createdAt),
    index('email_changes_expires').on(t.expiresAt),
  ],
)
