import { sql } from 'drizzle-orm'
import { check, index, integer, jsonb, pgEnum, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { id, instant } from '../columns.ts'
import { clients } from './clients.ts'
import { users } from './users.ts'

export const approvalKind = pgEnum('approval_kind', ['role-groups', 'invitation', 'enabling'])
export const approvalStatus = pgEnum('approval_status', [
  'open',
  'approved',
  'refused',
  'withdrawn',
  'expired',
  'closed',
])

/** A case: one agent asked for role groups, or to enable an administrator. It takes effect once a second person approves. */
export const approvals = pgTable(
  'approvals',
  {
    id: id(),
    kind: approvalKind('kind').notNull(),
    status: approvalStatus('status').notNull().default('open'),
    /** The account in which the role groups are to be held. */
    clientId: uuid('client_id')
      .notNull()
      .references(() => clients.id, { onDelete: 'restrict' }),
    /** The person concerned. An invitation has none until it is approved. */
    userId: uuid('user_id').references(() => users.id, { onDelete: 'restrict' }),
    /** Canonical, as it was when the case was opened. */
    email: text('email').notNull(),
    name: text('name').notNull(),
    /** Keys of role groups: what the person held when the case was opened, what is to be given and what taken. */
    held: text('held').array().notNull(),
    given: text('given').array().notNull(),
    taken: text('taken').array().notNull(),
    requestedBy: uuid('requested_by')
      .notNull()
      .references(() => users.id, { onDelete: 'restrict' }),
    /** The session epoch of the agent who asked. Null: the case was opened by an earlier version. */
    requesterEpoch: integer('requester_epoch'),
    requestedAt: instant('requested_at').notNull(),
    /** It cannot be approved from then on, whether a job has marked it as expired or not. */
    expiresAt: instant('expires_at').notNull(),
    ticket: text('ticket').notNull(),
    reason: text('reason').notNull(),
    /** Where the request came from, for the events that follow it. */
    origin: jsonb('origin').$type<Record<'address' | 'userAgent' | 'requestId', string | null>>().notNull(),
    /** Null: it expired, or it is open. */
    decidedBy: uuid('decided_by').references(() => users.id, { onDelete: 'restrict' }),
    decidedAt: instant('decided_at'),
    decisionReason: text('decision_reason'),
    /** Why a case that was approved could not be carried out (approvals/closings.ts). */
    closedBecause: text('closed_because'),
  },
  (t) => [
    // An address belongs to one person at most, so this is one open case a person, too.
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
