import { sql } from 'drizzle-orm'
import { index, integer, pgEnum, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { instant } from '../columns.ts'
import { users } from './users.ts'

export const lockoutKind = pgEnum('lockout_kind', ['password', 'code'])

/** The subject is a user's id, or an id derived from an unknown address. Both must behave the same. */
export const lockouts = pgTable(
  'lockouts',
  {
    subject: uuid('subject').notNull(),
    kind: lockoutKind('kind').notNull(),
    failedAt: instant('failed_at').array().notNull().default(sql`'{}'`),
    pendingAt: instant('pending_at').array().notNull().default(sql`'{}'`),
    /** Since the last success. 100 wrong codes disable the authenticator (NIST SP 800-63B, 3.2.2). */
    consecutiveFailures: integer('consecutive_failures').notNull().default(0),
    /** Locks since the last success. Each doubles the next duration. */
    repeats: integer('repeats').notNull().default(0),
    lockedAt: instant('locked_at'),
    lockedUntil: instant('locked_until'),
    warnedAt: instant('warned_at'),
    /** Optimistic lock: serialises parallel attempts. */
    version: integer('version').notNull().default(0),
    updatedAt: instant('updated_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.subject, t.kind] }),
    index('lockouts_locked').on(t.lockedUntil).where(sql`${t.lockedUntil} is not null`),
    index('lockouts_switched_off')
      .on(t.updatedAt)
      .where(sql`${t.kind} = 'code' and ${t.consecutiveFailures} >= 100`),
    index('lockouts_updated').on(t.updatedAt),
  ],
)

/** Attempts per network address (IPv6: /64). Unlogged: a crash may reset these counts, not those of accounts. */
export const addressLimits = pgTable(
  'address_limits',
  {
    address: text('address').primaryKey(),
    failures: integer('failures').notNull(),
    pending: integer('pending').notNull().default(0),
    triedAt: instant('tried_at'),
    refusedAt: instant('refused_at'),
    endsAt: instant('ends_at').notNull(),
  },
  (t) => [index('address_limits_ends').on(t.endsAt)],
)

/**
 * A half-way sign-in with one wrong code, until a code is accepted in it. If none is, a job warns its user. A sign-in of
 * the user elsewhere does not remove it: then an attacker is the one who abandoned it.
 */
export const doubtfulSignIns = pgTable(
  'doubtful_sign_ins',
  {
    /** The stored id of the session. */
    sessionId: text('session_id').primaryKey(),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** The event of the wrong code. */
    eventId: uuid('event_id').notNull(),
    failedAt: instant('failed_at').notNull(),
  },
  (t) => [index('doubtful_sign_ins_event').on(t.eventId), index('doubtful_sign_ins_failed').on(t.failedAt)],
)
