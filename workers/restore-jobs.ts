import type { Job } from 'bullmq'
import { and, gt, inArray, isNull, lt, or } from 'drizzle-orm'
import { validate as isUuid } from 'uuid'
import type { Database } from '../src/db/client.ts'
import { outbox } from '../src/db/schema/outbox.ts'
import { JOB_NAMES, QUEUE_OF } from '../src/outbox/jobs.ts'
import type { QueueEngine } from '../src/outbox/queues.ts'
import { HOUR } from '../src/time/durations.ts'
import { addJobs } from './add-jobs.ts'

const BATCH = 500

/** Makes the queues agree with the outbox again: whatever is still owed gets its job. */
export async function restoreJobs(
  db: Database,
  engine: QueueEngine,
  now: Date,
  olderThanMs: number,
): Promise<void> {
  await addVanished(db, engine, now, new Date(now.getTime() - olderThanMs))
  await retryUnrecorded(db, engine)
}

/** What is due so much later waits for a later look: every invitation owes a reminder for days. */
const NOT_YET_MS = HOUR

/** An emptied Redis forgot its jobs, delayed ones too. Those that are still there do not change. */
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
    await addJobs(engine, rows, now)
    after = rows.at(-1)?.id
    more = rows.length === BATCH
  }
}

/** A job that failed for good while its row says that it is still owed: an operator cleared the failure. */
async function retryUnrecorded(db: Database, engine: QueueEngine): Promise<void> {
  for (const name of new Set(Object.values(QUEUE_OF))) {
    const queue = await engine.queue(name)
    for (let start = 0, more = true; more; start += BATCH) {
      const failed = await queue.getFailed(start, start + BATCH - 1)
      more = failed.length === BATCH
      const owed = await stillOwed(db, failed)
      // Another relay may have been faster: then it is not among the failed ones any more.
      for (const job of owed) await job.retry('failed', { resetAttemptsMade: true }).catch(() => {})
    }
  }
}

async function stillOwed(db: Database, failed: readonly Job[]): Promise<Job[]> {
  const ids = failed.flatMap(({ id }) => (isUuid(id) ? (id ?? []) : []))
  const rows = await db
    .select({ id: outbox.id })
    .from(outbox)
    .where(and(inArray(outbox.id, ids), isNull(outbox.doneAt), isNull(outbox.failedAt)))
  const owed = new Set(rows.map(({ id }) => id))
  return failed.filter(({ id }) => id !== undefined && owed.has(id))
}
