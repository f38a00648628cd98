import { sql } from 'drizzle-orm'
import { check, index, integer, jsonb, pgEnum, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { id, instant } from '../columns.ts'
import { clients } from './clients.ts'
import { users } from './users.ts'

export const approvalKind = pgEnum('approval_kind', ['role-groups', 'invitation', 'enabling', 'erasing'])
export const approvalStatus = pgEnum('approval_status', [
  'open',
  'approved',
  'refused',
  'withdrawn',
  'expired',
  'closed',
])

/** An agent asked for role groups, or to enable or erase an administrator. A second person must approve it. */
export const approvals = pgTable(
  'approvals',
  {
    id: id(),
    kind: approvalKind('kind').notNull(),
    status: approvalStatus('status').notNull().default('open'),
    clientId: uuid('client_id')
      .notNull()
      .references(() => clients.id, { onDelete: 'restrict' }),
    userId: uuid('user_id').references(() => users.id, { onDelete: 'restrict' }),
    email: text('email').notNull(),
    name: text('name').notNull(),
    /** Keys of role groups. `held` is from when the case was opened. */
    held: text('held').array().notNull(),
    given: text('given').array().notNull(),
    taken: text('taken').array().notNull(),
    requestedBy: uuid('requested_by')
      .notNull()
      .references(() => users.id, { onDelete: 'restrict' }),
    /** The session epoch of the agent who asked. Null: the case was opened by an earlier version. */
    requesterEpoch: integer('requester_epoch'),
    /** The stored id of the session in which it was asked for. */
    requesterSession: text('requester_session'),
    requestedAt: instant('requested_at').notNull(),
    /** No approval after this time, even if no job has set the status yet. */
    expiresAt: instant('expires_at').notNull(),
    ticket: text('ticket').notNull(),
    reason: text('reason').notNull(),
    origin: jsonb('origin').$type<Record<'address' | 'userAgent' | 'requestId', string | null>>().notNull(),
    decidedBy: uuid('decided_by').references(() => users.id, { onDelete: 'restrict' }),
    decidedAt: instant('decided_at'),
    decisionReason: text('decision_reason'),
    closedBecause: text('closed_because'),
  },
  (t) => [
    // Addresses are unique, so this is also one open case per person.
    uniqueIndex('approvals_one_open').on(t.email).where(sql`${t.status} = 'open'`),
    index('approvals_decided').on(t.decidedAt),
    check('approvals_decided_when', sql`(${t.status} = 'open') = (${t.decidedAt} is null)`),
    check(
      'approvals_by_a_second',
      sql`${t.status} not in ('approved', 'refused', 'closed') or (${t.decidedBy} is not null and ${t.decidedBy} <> ${t.requestedBy} and ${t.decidedBy} is distinct from ${t.userId})`,
    ),
    check('approvals_closed_because', sql`(${t.status} = 'closed') = (${t.closedBecause} is not null)`),
  ],
)
