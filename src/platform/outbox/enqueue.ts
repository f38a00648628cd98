import { sql } from 'drizzle-orm'
import type { Transaction } from '../db/client.ts'
import { asIs, preparedOnce } from '../db/prepared-once.ts'
import { outbox } from '../db/schema/outbox.ts'
import type { JobName, JobPayloads } from './jobs.ts'

/**
 * Owes a job. Takes the transaction of the change that owes it, never the pool: both commit or neither.
 * `dueAt`: not before this instant.
 */
export async function enqueue<Name extends JobName>(
  tx: Transaction,
  job: Name,
  payload: JobPayloads[Name],
  dueAt: Date | null = null,
): Promise<void> {
  await enqueueQuery(tx).execute({ job, payload, dueAt: dueAt?.toISOString() ?? null })
}

const enqueueQuery = preparedOnce((tx: Transaction) =>
  tx
    .insert(outbox)
    .values({
      job: sql.placeholder('job'),
      payload: sql.placeholder('payload'),
      dueAt: asIs('dueAt'),
    })
    .prepare('enqueue'),
)

/** Owes the same job once for each payload, in one statement. */
export async function enqueueAll<Name extends JobName>(
  tx: Transaction,
  job: Name,
  payloads: readonly JobPayloads[Name][],
  dueAt: Date | null = null,
): Promise<void> {
  if (payloads.length === 0) return
  await tx.insert(outbox).values(payloads.map((payload) => ({ job, payload: { ...payload }, dueAt })))
}
