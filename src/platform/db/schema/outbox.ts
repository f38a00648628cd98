import { sql } from 'drizzle-orm'
import { index, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { id, instant } from '../columns.ts'

/** Jobs, inserted in the transaction of their change. The id is also the id of the BullMQ job. */
export const outbox = pgTable(
  'outbox',
  {
    id: id(),
    job: text('job').notNull(),
    /** Ids only: never a secret, an e-mail address or a token. */
    payload: jsonb('payload').$type<Record<string, string>>().notNull(),
    createdAt: instant('created_at').notNull().defaultNow(),
    dueAt: instant('due_at'),
    dispatchedAt: instant('dispatched_at'),
    share: uuid('share'),
    doneAt: instant('done_at'),
    failedAt: instant('failed_at'),
    failure: text('failure'),
    /** Of the change, for the trace of the job. */
    traceParent: text('trace_parent'),
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
