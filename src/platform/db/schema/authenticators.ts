import { sql } from 'drizzle-orm'
import { bigint, check, index, pgEnum, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { bytea, id, instant } from '../columns.ts'
import { users } from './users.ts'

export const authenticatorStatus = pgEnum('authenticator_status', ['pending', 'active', 'revoked'])

export const authenticators = pgTable(
  'authenticators',
  {
    id: id(),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'restrict' }),
    status: authenticatorStatus('status').notNull().default('pending'),
    sealedSecret: bytea('sealed_secret'),
    /** A pending secret is shown only in the session that began the enrolment. */
    begunInSession: text('begun_in_session'),
    createdAt: instant('created_at').notNull().defaultNow(),
    pendingUntil: instant('pending_until').notNull(),
    activatedAt: instant('activated_at'),
    revokedAt: instant('revoked_at'),
    /** RFC 6238, 5.2: a code is accepted only once. Only greater time steps are accepted after it. */
    lastAcceptedStep: bigint('last_accepted_step', { mode: 'number' }).notNull().default(-1),
    lastUsedAt: instant('last_used_at'),
  },
  (t) => [
    uniqueIndex('authenticators_one_active').on(t.userId).where(sql`${t.status} = 'active'`),
    uniqueIndex('authenticators_one_pending').on(t.userId).where(sql`${t.status} = 'pending'`),
    index('authenticators_user').on(t.userId, t.id),
    check('authenticators_live_has_secret', sql`${t.status} = 'revoked' or ${t.sealedSecret} is not null`),
    check(
      'authenticators_active_was_activated',
      sql`${t.status} <> 'active' or ${t.activatedAt} is not null`,
    ),
    check('authenticators_revoked_when', sql`(${t.status} = 'revoked') = (${t.revokedAt} is not null)`),
  ],
)
