import { carryOutBulkAct } from '../src/bulk-acts/carry-out-bulk-act.ts'
import { enqueue } from '../src/platform/outbox/enqueue.ts'
import type { Job } from './job.ts'

const BATCH = 50

/** Forged or repeated, it does nothing: people and outcomes are in the database. Each act has a transaction of its own. */
export const carryOutBulkActJob: Job<'carry-out-bulk-act'> = async ({ bulkActId }, tx, deps) => {
  const left = await carryOutBulkAct(deps, bulkActId, BATCH)
  if (left) await enqueue(tx, 'carry-out-bulk-act', { bulkActId })
  return null
}
