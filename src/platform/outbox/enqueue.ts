import type { Transaction } from '../db/client.ts'
import { outbox } from '../db/schema/outbox.ts'
import { currentTraceParent } from '../span.ts'
import type { JobName, JobPayloads } from './jobs.ts'

/** Adds a job in the transaction of its change: both commit or neither. It does not run before `dueAt`. */
export function enqueue<Name extends JobName>(
  tx: Transaction,
  job: Name,
  payload: JobPayloads[Name],
  dueAt: Date | null = null,
): Promise<void> {
  return enqueueAll(tx, job, [payload], dueAt)
}

export async function enqueueAll<Name extends JobName>(
  tx: Transaction,
  job: Name,
  payloads: readonly JobPayloads[Name][],
  dueAt: Date | null = null,
): Promise<void> {
  if (payloads.length === 0) return
  const traceParent = currentTraceParent()
  await tx
    .insert(outbox)
    .values(payloads.map((payload) => ({ job, payload: { ...payload }, dueAt, traceParent })))
}
