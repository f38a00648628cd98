import type { Queue } from 'bullmq'
import { and, gt, inArray, isNull, lt, or } from 'drizzle-orm'
import { validate as isUuid } from 'uuid'
import type { Database } from '../src/platform/db/client.ts'
import { outbox } from '../src/platform/db/schema/outbox.ts'
import { JOB_NAMES, QUEUES } from '../src/platform/outbox/jobs.ts'
import type { QueueEngine } from '../src/platform/outbox/queues.ts'
import { HOUR } from '../src/platform/time/durations.ts'
import { addJobs, type PendingJob } from './add-jobs.ts'
import { prioritise } from './prioritise.ts'
import { LONGEST_RETRY_DELAY_MS } from './retry-delay.ts'

const BATCH = 500

export async function restoreJobs(
  db: Database,
  engine: QueueEngine,
  now: Date,
  olderThanMs: number,
): Promise<void> {
  await addVanished(db, engine, now, new Date(now.getTime() - olderThanMs))
  for (const name of QUEUES) {
    const queue = await engine.queue(name)
    await retryUnrecorded(db, queue)
    await runCompletedAgain(db, engine, queue, now)
  }
}

/** Ignores jobs that are due later: each invitation has a reminder that waits for days. */
const NOT_YET_MS = HOUR

/** For a Redis that lost jobs. Existing jobs do not change. */
async function addVanished(db: Database, engine: QueueEngine, now: Date, before: Date): Promise<void> {
  for (let after: string | undefined, more = true; more; ) {
    const rows = await db
      .select({ id: outbox.id, job: outbox.job, payload: outbox.payload, dueAt: outbox.dueAt })
      .from(outbox)
      .where(
        and(
          isNull(outbox.doneAt),
          isNull(outbox.failedAt),
          lt(outbox.dispatchedAt, before),
          or(isNull(outbox.dueAt), lt(outbox.dueAt, new Date(now.getTime() + NOT_YET_MS))),
          inArray(outbox.job, JOB_NAMES),
          after === undefined ? undefined : gt(outbox.id, after),
        ),
      )
      .orderBy(outbox.id)
      .limit(BATCH)
    await addJobs(engine, await prioritise(db, rows), now)
    await promoteOverdue(engine, rows, now)
    after = rows.at(-1)?.id
    more = rows.length === BATCH
  }
}

/** BullMQ delays a job by the clock of the host. If that was ahead, the job would run as much too late. */
async function promoteOverdue(engine: QueueEngine, rows: readonly PendingJob[], now: Date): Promise<void> {
  const due = new Set(rows.filter(({ dueAt }) => dueAt === null || dueAt <= now).map(({ id }) => id))
  if (due.size === 0) return
  for (const name of QUEUES) {
    const queue = await engine.queue(name)
    for (const id of await queue.getRanges(['delayed'], 0, -1)) {
      const job = due.has(id) ? await queue.getJob(id) : undefined
      if (!job) continue
      const delayedUntil = (job.processedOn ?? job.timestamp) + job.delay
      if (delayedUntil > now.getTime() + LONGEST_RETRY_DELAY_MS) await job.promote().catch(() => {})
    }
  }
}

/** A failed job with an open row: an operator cleared the failure. */
async function retryUnrecorded(db: Database, queue: Queue): Promise<void> {
  for (const { id } of await openAmong(db, await queue.getRanges(['failed'], 0, -1))) {
    const job = await queue.getJob(id)
    await job?.retry('failed', { resetAttemptsMade: true }).catch(() => {})
  }
}

/** A restored database reopens rows. Their completed jobs go first: the queue ignores an existing id. */
async function runCompletedAgain(db: Database, engine: QueueEngine, queue: Queue, now: Date): Promise<void> {
  const rows = await openAmong(db, await queue.getRanges(['completed'], 0, -1))
  for (const { id } of rows) await queue.remove(id)
  await addJobs(engine, await prioritise(db, rows), now)
}

async function openAmong(db: Database, jobIds: readonly string[]): Promise<PendingJob[]> {
  const ids = jobIds.filter((id) => isUuid(id))
  if (ids.length === 0) return []
  return db
    .select({ id: outbox.id, job: outbox.job, payload: outbox.payload, dueAt: outbox.dueAt })
    .from(outbox)
    .where(and(inArray(outbox.id, ids), isNull(outbox.doneAt), isNull(outbox.failedAt)))
}
