import { DelayedError, type Job as QueuedJob, UnrecoverableError } from 'bullmq'
import { and, eq, isNull, sql } from 'drizzle-orm'
import { validate as isUuid } from 'uuid'
import type { Transaction } from '../src/platform/db/client.ts'
import { outbox } from '../src/platform/db/schema/outbox.ts'
import { describeError } from '../src/platform/log.ts'
import { isJobName, JOB_PAYLOADS, type JobName } from '../src/platform/outbox/jobs.ts'
import { inSpan } from '../src/platform/span.ts'
import { MINUTE } from '../src/platform/time/durations.ts'
import { JOBS } from './all-jobs.ts'
import { HopelessJobError, type JobDeps } from './job.ts'

const RECORD_FAILURE_AGAIN_MS = MINUTE

/** The outbox row decides, not the queue. Its lock and its mark in the same transaction give one effect. */
export async function runJob(queued: QueuedJob, token: string | undefined, deps: JobDeps): Promise<void> {
  const id = queued.id ?? ''
  // Not from the outbox. An attacker with access to the queue may add jobs.
  if (!isUuid(id)) return

  const again = await attempt(id, deps).catch((error) => fail(queued, token, id, error, deps))
  if (again) await runAgain(queued, token, again.getTime() - deps.clock.now().getTime())
}

function attempt(id: string, deps: JobDeps): Promise<Date | null> {
  return deps.db.transaction(async (tx) => {
    const [row] = await tx
      .select({
        job: outbox.job,
        payload: outbox.payload,
        doneAt: outbox.doneAt,
        traceParent: outbox.traceParent,
      })
      .from(outbox)
      .where(eq(outbox.id, id))
      .for('update')
    if (!row || row.doneAt) return null
    if (!isJobName(row.job))
      throw new Error(`this worker does not know the job '${row.job}'; a newer one may`)

    const { job, payload, traceParent } = row
    const work = () => perform(job, payload, tx, deps)
    const tooEarly = await inSpan(`job ${job}`, { 'portcullis.outbox_id': id }, work, traceParent)
    if (tooEarly) return tooEarly.again
    await markDone(tx, id, deps.clock.now())
    return null
  })
}

function perform<Name extends JobName>(name: Name, payload: unknown, tx: Transaction, deps: JobDeps) {
  return JOBS[name](JOB_PAYLOADS[name].parse(payload), tx, deps)
}

async function markDone(tx: Transaction, id: string, now: Date): Promise<void> {
  // A job of a dispatch that was rolled back may run before the row is dispatched again.
  const dispatchedAt = sql`coalesce(${outbox.dispatchedAt}, ${now.toISOString()})`
  await tx
    .update(outbox)
    .set({ doneAt: now, dispatchedAt, failedAt: null, failure: null })
    .where(eq(outbox.id, id))
}

/** Fails the attempt. The last one marks the row first, so that operators see the failure. */
async function fail(
  queued: QueuedJob,
  token: string | undefined,
  id: string,
  error: unknown,
  deps: JobDeps,
): Promise<never> {
  const failure = describeFailure(error)
  const hopeless = error instanceof HopelessJobError
  const attempts = queued.attemptsMade + 1
  const lastAttempt = hopeless || attempts >= (queued.opts.attempts ?? 1)
  deps.log.debug({ outboxId: id, job: queued.name, attempts, failure }, 'A job failed.')
  if (!lastAttempt) throw new Error(failure)

  const recorded = await deps.db
    .update(outbox)
    .set({ failedAt: deps.clock.now(), failure })
    .where(and(eq(outbox.id, id), isNull(outbox.doneAt)))
    .catch(() => null)
  if (!recorded) await runAgain(queued, token, RECORD_FAILURE_AGAIN_MS)
  deps.log.error(
    { outboxId: id, job: queued.name, attempts, failure },
    'A job failed for good. Remove the cause, then have it tried again on /ops or on the queue dashboard.',
  )
  throw new UnrecoverableError(failure)
}

async function runAgain(queued: QueuedJob, token: string | undefined, inMs: number): Promise<never> {
  await queued.moveToDelayed(Date.now() + inMs, token)
  throw new DelayedError()
}

/** Never the message of a failed query: it holds the bound values. */
function describeFailure(error: unknown): string {
  const { type, code, message } = describeError(error)
  return [type, code, message]
    .filter((part) => typeof part === 'string')
    .join(' ')
    .slice(0, 500)
}
