import { and, desc, eq, isNotNull, isNull, or, type SQL, sql } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { notifications } from '../platform/db/schema/notifications.ts'
import { outbox } from '../platform/db/schema/outbox.ts'
import { isJobName, type JobName, QUEUE_OF } from '../platform/outbox/jobs.ts'
import { SECOND } from '../platform/time/durations.ts'

const SHOWN = 50
const MAIL: JobName = 'send-notification'

/** The pending rows of the outbox. Ages are in milliseconds, by the clock of the database. */
export interface OutboxState {
  undispatched: number
  lagMs: number | null
  /** How long the oldest row that is due and not given up has waited, in a queue or not. */
  oldestPendingMs: number | null
  failed: number
  undeliveredMails: number
}

export interface UnfinishedWork {
  id: string
  job: string
  /** Null for a job that only a newer version knows. */
  queue: string | null
  mail: string | null
  ageMs: number
  state: 'failed' | 'dispatched' | 'undispatched'
  failure: string | null
}

const undispatched = isNull(outbox.dispatchedAt)
const pending = sql`${outbox.failedAt} is null and (${outbox.dueAt} is null or ${outbox.dueAt} <= clock_timestamp())`

export async function readOutbox(db: Reader): Promise<OutboxState> {
  const [row] = await db
    .select({
      undispatched: countOf(undispatched),
      lagMs: sql<number | null>`${ageMs(sql`min(${outbox.createdAt}) filter (where ${undispatched})`)}`,
      oldestPendingMs: sql<
        number | null
      >`${ageMs(sql`min(coalesce(${outbox.dueAt}, ${outbox.createdAt})) filter (where ${pending})`)}`,
      failed: countOf(isNotNull(outbox.failedAt)),
      undeliveredMails: countOf(eq(outbox.job, MAIL)),
    })
    .from(outbox)
    .where(isNull(outbox.doneAt))
  if (!row) throw new Error('a count is always a row')
  return row
}

export async function readOldestByQueue(db: Reader): Promise<Map<string, number>> {
  const rows = await db
    .select({
      job: outbox.job,
      ms: sql<number>`${ageMs(sql`min(coalesce(${outbox.dueAt}, ${outbox.createdAt}))`)}`,
    })
    .from(outbox)
    .where(and(isNull(outbox.doneAt), isNotNull(outbox.dispatchedAt), pending))
    .groupBy(outbox.job)
  const oldest = new Map<string, number>()
  for (const { job, ms } of rows) {
    if (!isJobName(job)) continue
    const queue = QUEUE_OF[job]
    oldest.set(queue, Math.max(oldest.get(queue) ?? 0, ms))
  }
  return oldest
}

/** Undelivered mails and jobs that were given up: those given up first, then the oldest. */
export async function readUnfinishedWork(db: Reader): Promise<UnfinishedWork[]> {
  const notificationId = sql`case when ${outbox.job} = ${MAIL} then (${outbox.payload} ->> 'notificationId')::uuid end`
  const rows = await db
    .select({
      id: outbox.id,
      job: outbox.job,
      mail: notifications.kind,
      ageMs: sql<number>`${ageMs(sql`${outbox.createdAt}`)}`,
      dispatchedAt: outbox.dispatchedAt,
      failedAt: outbox.failedAt,
      failure: outbox.failure,
    })
    .from(outbox)
    .leftJoin(notifications, eq(notifications.id, notificationId))
    .where(and(isNull(outbox.doneAt), or(isNotNull(outbox.failedAt), eq(outbox.job, MAIL))))
    .orderBy(desc(isNotNull(outbox.failedAt)), outbox.id)
    .limit(SHOWN)
  return rows.map(({ dispatchedAt, failedAt, ...row }) => ({
    ...row,
    queue: isJobName(row.job) ? QUEUE_OF[row.job] : null,
    state: failedAt ? 'failed' : dispatchedAt ? 'dispatched' : 'undispatched',
  }))
}

function countOf(condition: SQL): SQL<number> {
  return sql<number>`(count(*) filter (where ${condition}))::int`
}

function ageMs(since: SQL): SQL {
  return sql`extract(epoch from clock_timestamp() - (${since}))::float8 * ${SECOND}`
}
