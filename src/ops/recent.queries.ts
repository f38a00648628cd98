// What has happened lately. The ids of rows begin with their time, so that each read is a short range of an index.
import { and, count, eq, gt, sql } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { auditEvents } from '../platform/db/schema/audit-events.ts'
import { outbox } from '../platform/db/schema/outbox.ts'
import { MINUTE } from '../platform/time/durations.ts'

export const RECENT_MS = 5 * MINUTE

const RECENT_IDS = sql`uuidv7(interval '-5 minutes')`

export interface RecentEvents {
  action: string
  outcome: string
  events: number
}

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
}

/** Jobs that were done in the last five minutes. */
export function readRecentJobs(db: Reader, now: Date): Promise<RecentJobs[]> {
  const seconds = sql`extract(epoch from ${outbox.doneAt} - coalesce(${outbox.dueAt}, ${outbox.createdAt}))`
  const quantile = (share: number) =>
    sql<number>`percentile_cont(${sql.raw(String(share))}) within group (order by greatest(0, ${seconds}))::float8`
  return db
    .select({ job: outbox.job, jobs: count(), medianSeconds: quantile(0.5), p99Seconds: quantile(0.99) })
    .from(outbox)
    .where(and(gt(outbox.doneAt, new Date(now.getTime() - RECENT_MS))))
    .groupBy(outbox.job)
}

export interface SignInRates {
  completed: number
  failed: number
  refused: number
}

/** Sign-ins a minute, over the last five minutes. Failed ones had a wrong password or code; refused ones met a lock. */
export function signInRates(recent: readonly RecentEvents[]): SignInRates {
  const aMinute = (isCounted: (event: RecentEvents) => boolean) => {
    const events = recent.filter(isCounted).reduce((sum, event) => sum + event.events, 0)
    return Math.round((10 * events * MINUTE) / RECENT_MS) / 10
  }
  const isAttempt = ({ action }: RecentEvents) => action === 'sign-in.password' || action === 'sign-in.code'
  return {
    completed: aMinute(({ action, outcome }) => action === 'sign-in.completed' && outcome === 'success'),
    failed: aMinute((event) => isAttempt(event) && event.outcome === 'failure'),
    refused: aMinute((event) => isAttempt(event) && event.outcome === 'refused'),
  }
}

/** Resets whose completion is not recorded yet. */
export function countOpenResets(db: Reader): Promise<number> {
  return db.$count(outbox, and(eq(outbox.job, 'complete-mfa-reset'), sql`${outbox.doneAt} is null`))
}
