import { and, inArray, isNull, sql } from 'drizzle-orm'
import type { Database, Transaction } from '../src/db/client.ts'
import { given, preparedOnce } from '../src/db/prepared-once.ts'
import { outbox } from '../src/db/schema/outbox.ts'
import { uuidArrayOf, uuidsAsText } from '../src/db/uuid-array.ts'
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
    const rows = await lockUndispatched(tx).execute()
    if (rows.length === 0) return false

    await addJobs(engine, rows, now)
    const ids = uuidsAsText(rows.map(({ id }) => id))
    await markDispatched(tx).execute({ ids, now })
    return rows.length === BATCH
  })
}

const lockUndispatched = preparedOnce((tx: Transaction) =>
  tx
    .select({ id: outbox.id, job: outbox.job, payload: outbox.payload, dueAt: outbox.dueAt })
    .from(outbox)
    .where(and(isNull(outbox.dispatchedAt), inArray(outbox.job, JOB_NAMES)))
    .orderBy(outbox.id)
    .limit(BATCH)
    .for('update', { skipLocked: true })
    .prepare('lock_undispatched'),
)

const markDispatched = preparedOnce((tx: Transaction) =>
  tx
    .update(outbox)
    .set({ dispatchedAt: given('now', outbox.dispatchedAt) })
    .where(sql`${outbox.id} = any(${uuidArrayOf(sql.placeholder('ids'))})`)
    .prepare('mark_dispatched'),
)
