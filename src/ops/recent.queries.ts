// What has happened lately.
import { and, count, eq, gt, sql } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { auditEvents } from '../platform/db/schema/audit-events.ts'
import { outbox } from '../platform/db/schema/outbox.ts'
import { RECENT_MS, type RecentEvents } from './sign-in-rates.ts'

/** An id begins with its time, so that recent events are a short range of the primary key. */
const RECENT_IDS = sql`uuidv7(${`-${RECENT_MS} milliseconds`}::interval)`

/** Audit events of the last five minutes, by the clock of the database. */
export function readRecentEvents(db: Reader): Promise<RecentEvents[]> {
  return db
    .select({ action: auditEvents.action, outcome: auditEvents.outcome, events: count() })
    .from(auditEvents)
    .where(gt(auditEvents.id, RECENT_IDS))
    .groupBy(auditEvents.action, auditEvents.outcome)
}

export interface RecentJobs {
  job: string
  jobs: number
  /** Seconds from when a job was due until it was done. For a reset: from the request to its completion. */
  medianSeconds: number
  p99Seconds: number
  /** How many took at most so long, for each of JOB_SECONDS. */
  within: number[]
}

/** The buckets of the histogram of jobs. */
export const JOB_SECONDS = [0.1, 0.5, 1, 5, 30, 60, 300]

/** Jobs that were done in the last five minutes. */
export function readRecentJobs(db: Reader, now: Date): Promise<RecentJobs[]> {
  const seconds = sql`extract(epoch from ${outbox.doneAt} - coalesce(${outbox.dueAt}, ${outbox.createdAt}))`
  const quantile = (share: number) =>
    sql<number>`percentile_cont(${sql.raw(String(share))}) within group (order by greatest(0, ${seconds}))::float8`
  const counts = JOB_SECONDS.map(
    (most) => sql`count(*) filter (where ${seconds} <= ${sql.raw(String(most))})`,
  )
  const within = sql<number[]>`json_build_array(${sql.join(counts, sql`, `)})`
  return db
    .select({
      job: outbox.job,
      jobs: count(),
      medianSeconds: quantile(0.5),
      p99Seconds: quantile(0.99),
      within,
    })
    .from(outbox)
    .where(and(gt(outbox.doneAt, new Date(now.getTime() - RECENT_MS))))
    .groupBy(outbox.job)
}

/** Resets whose completion is not recorded yet. */
export function countOpenResets(db: Reader): Promise<number> {
  return db.$count(outbox, and(eq(outbox.job, 'complete-mfa-reset'), sql`${outbox.doneAt} is null`))
}
