import { sql } from 'drizzle-orm'
import { check, index, integer, jsonb, pgEnum, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { id, instant } from '../columns.ts'
import { clients } from './clients.ts'
import { users } from './users.ts'

export const bulkActStatus = pgEnum('bulk_act_status', ['draft', 'confirmed', 'done'])

/** The session that confirmed. It must still be there at each act. */
export interface ConfirmingSession {
  sessionId: string
  userId: string
  epoch: number
  passwordAt: number
  verified?: { at: number; authenticatorId: string }
}

export const bulkActs = pgTable(
  'bulk_acts',
  {
    id: id(),
    /** The account whose list it was begun from. */
    clientId: uuid('client_id')
      .notNull()
      .references(() => clients.id, { onDelete: 'restrict' }),
    requestedBy: uuid('requested_by')
      .notNull()
      .references(() => users.id, { onDelete: 'restrict' }),
    kind: text('kind').notNull(),
    /** The key of the role group that is given or taken. */
    roleGroup: text('role_group'),
    /** The address of the list, with its filters. */
    list: text('list').notNull(),
    status: bulkActStatus('status').notNull().default('draft'),
    ticket: text('ticket'),
    reason: text('reason'),
    origin: jsonb('origin').$type<Record<'address' | 'userAgent' | 'requestId', string | null>>(),
    session: jsonb('session').$type<ConfirmingSession>(),
    createdAt: instant('created_at').notNull(),
    confirmedAt: instant('confirmed_at'),
    finishedAt: instant('finished_at'),
  },
  (t) => [
    index('bulk_acts_created').on(t.createdAt),
    check('bulk_acts_confirmed_when', sql`(${t.status} = 'draft') = (${t.confirmedAt} is null)`),
    check('bulk_acts_finished_when', sql`(${t.status} = 'done') = (${t.finishedAt} is not null)`),
  ],
)

export const bulkActPeople = pgTable(
  'bulk_act_people',
  {
    bulkActId: uuid('bulk_act_id')
      .notNull()
      .references(() => bulkActs.id, { onDelete: 'cascade' }),
    /** In the order of the list, from 1 on. */
    line: integer('line').notNull(),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** Null if pending, 'done', or the name of a problem (bulk-acts/words.ts). */
    outcome: text('outcome'),
  },
  (t) => [primaryKey({ columns: [t.bulkActId, t.line] })],
)
