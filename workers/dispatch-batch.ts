import { and, inArray, isNull } from 'drizzle-orm'
import type { Database } from '../src/db/client.ts'
import { outbox } from '../src/db/schema/outbox.ts'
import { JOB_NAMES } from '../src/outbox/jobs.ts'
import type { QueueEngine } from '../src/outbox/queues.ts'
import { addJobs } from './add-jobs.ts'

const BATCH = 200

/**
 * Hands rows that were never dispatched to their queues. Engine away: it throws and nothing changes. Any number may
 * run at once: none waits for another's rows. Returns whether more may be waiting.
 */
export function dispatchBatch(db: Database, engine: QueueEngine, now: Date): Promise<boolean> {
  return db.transaction(async (tx) => {
    const rows = await tx
      .select({ id: outbox.id, job: outbox.job, payload: outbox.payload, dueAt: outbox.dueAt })
      .from(outbox)
      .where(and(isNull(outbox.dispatchedAt), inArray(outbox.job, JOB_NAMES)))
      .orderBy(outbox.id)
      .limit(BATCH)
      .for('update', { skipLocked: true })
    if (rows.length === 0) return false

    await addJobs(engine, rows, now)
    const ids = rows.map(({ id }) => id)
    await tx.update(outbox).set({ dispatchedAt: now }).where(inArray(outbox.id, ids))
    return rows.length === BATCH
  })
}
