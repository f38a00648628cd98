import { sql } from 'drizzle-orm'
import { index, integer, pgEnum, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { instant } from '../columns.ts'

export const lockoutKind = pgEnum('lockout_kind', ['password', 'code'])

/**
 * The count of failed attempts and the lock of one subject. The subject is a user's id or, for an e-mail
 * address nobody has, an id derived from it: both must behave the same, so there is no foreign key.
 */
export const lockouts = pgTable(
  'lockouts',
  {
    subject: uuid('subject').notNull(),
    kind: lockoutKind('kind').notNull(),
    /** Times of the failures that may still count towards a lock. */
    failedAt: instant('failed_at').array().notNull().default(sql`'{}'`),
    /** Times of the attempts that are being checked. */
    pendingAt: instant('pending_at').array().notNull().default(sql`'{}'`),
    /** Failures since the last success; 100 for codes disable the authenticator (NIST SP 800-63B 3.2.2). */
    consecutiveFailures: integer('consecutive_failures').notNull().default(0),
    /** Locks since the last success: each doubles the duration of the next. */
    repeats: integer('repeats').notNull().default(0),
    lockedAt: instant('locked_at'),
    lockedUntil: instant('locked_until'),
    /** When the user was last told that somebody with the right password failed the code. */
    warnedAt: instant('warned_at'),
    /** Compared and raised by every change, so that parallel attempts are spent one after the other. */
    version: integer('version').notNull().default(0),
    updatedAt: instant('updated_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.subject, t.kind] }),
    index('lockouts_locked').on(t.lockedUntil).where(sql`${t.lockedUntil} is not null`),
    index('lockouts_updated').on(t.updatedAt),
  ],
)

/**
 * Tries from one network address (IPv6: its /64) in the window that ends at `endsAt`. Unlogged: they change with every
 * password and code, and after a crash of PostgreSQL an address may begin anew. The counts of accounts are not lost.
 */
export const addressLimits = pgTable(
  'address_limits',
  {
    address: text('address').primaryKey(),
    failures: integer('failures').notNull(),
    /** Tries that are being checked. */
    pending: integer('pending').notNull().default(0),
    /** When the last try began. */
    triedAt: instant('tried_at'),
    /** When a try was first refused in this window: recorded once. */
    refusedAt: instant('refused_at'),
    endsAt: instant('ends_at').notNull(),
  },
  (t) => [index('address_limits_ends').on(t.endsAt)],
)
