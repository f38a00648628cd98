import { sql } from 'drizzle-orm'
import { index, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { id, instant } from '../columns.ts'

/** Work owed, written in the transaction of the change that owes it. The id is the BullMQ job's id. */
export const outbox = pgTable(
  'outbox',
  {
    id: id(),
    job: text('job').notNull(),
    /** Ids only: never a secret, an e-mail address or a token. */
    payload: jsonb('payload').$type<Record<string, string>>().notNull(),
    createdAt: instant('created_at').notNull().defaultNow(),
    /** Not before this; null means at once. */
    dueAt: instant('due_at'),
    dispatchedAt: instant('dispatched_at'),
    /** The user or client account whose fair share of a queue the job takes. Set when it is dispatched. */
    share: uuid('share'),
    doneAt: instant('done_at'),
    /** Out of retries: it waits for an operator. */
    failedAt: instant('failed_at'),
    failure: text('failure'),
  },
  (t) => [
    index('outbox_undispatched').on(t.id).where(sql`${t.dispatchedAt} is null`),
    index('outbox_open').on(t.dispatchedAt).where(sql`${t.doneAt} is null`),
    index('outbox_shares')
      .on(t.share, t.job)
      .where(sql`${t.doneAt} is null and ${t.failedAt} is null and ${t.dueAt} is null`),
    index('outbox_done').on(t.doneAt).where(sql`${t.doneAt} is not null`),
  ],
)
