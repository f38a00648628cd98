import { and, asc, desc, gt, inArray, isNull, type SQL, sql } from 'drizzle-orm'
import type { Database, Transaction } from '../src/platform/db/client.ts'
import { outbox } from '../src/platform/db/schema/outbox.ts'
import { JOB_NAMES } from '../src/platform/outbox/jobs.ts'
import type { QueueEngine } from '../src/platform/outbox/queues.ts'
import { addJobs, type PendingJob } from './add-jobs.ts'
import { prioritise } from './prioritise.ts'

const OLDEST = 150
/** Each batch of a backlog includes the newest rows, so that new jobs do not wait for all old ones. */
const NEWEST = 50

/** Returns whether more rows may be left. Concurrent calls skip each other's rows. */
export function dispatchBatch(db: Database, engine: QueueEngine, now: Date): Promise<boolean> {
  return db.transaction(async (tx) => {
    const oldest = await lockUndispatched(tx, asc(outbox.id), OLDEST)
    const last = oldest.at(-1)
    if (!last) return false
    const more = oldest.length === OLDEST
    const newest = more ? await lockUndispatched(tx, desc(outbox.id), NEWEST, last.id) : []

    const jobs = await prioritise(tx, [...oldest, ...newest.reverse()])
    await addJobs(engine, jobs, now)
    await markDispatched(tx, jobs, now)
    return more
  })
}

function lockUndispatched(tx: Transaction, order: SQL, limit: number, after?: string): Promise<PendingJob[]> {
  return tx
    .select({ id: outbox.id, job: outbox.job, payload: outbox.payload, dueAt: outbox.dueAt })
    .from(outbox)
    .where(
      and(
        isNull(outbox.dispatchedAt),
        inArray(outbox.job, JOB_NAMES),
        after === undefined ? undefined : gt(outbox.id, after),
      ),
    )
    .orderBy(order)
    .limit(limit)
    .for('update', { skipLocked: true })
}

async function markDispatched(
  tx: Transaction,
  jobs: readonly { id: string; share: string | null }[],
  now: Date,
): Promise<void> {
  const rows = JSON.stringify(jobs.map(({ id, share }) => ({ id, share })))
  await tx.execute(sql`
    update ${outbox} set dispatched_at = ${now.toISOString()}, share = r.share
    from json_to_recordset(${rows}::json) as r(id uuid, share uuid)
    where ${outbox.id} = r.id`)
}
