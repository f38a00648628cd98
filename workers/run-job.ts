import { DelayedError, type Job as QueuedJob, UnrecoverableError } from 'bullmq'
import { and, eq, isNull, sql } from 'drizzle-orm'
import { validate as isUuid } from 'uuid'
import type { Transaction } from '../src/platform/db/client.ts'
import { given, preparedOnce } from '../src/platform/db/prepared-once.ts'
import { outbox } from '../src/platform/db/schema/outbox.ts'
import { describeError } from '../src/platform/log.ts'
import { isJobName, JOB_PAYLOADS, type JobName } from '../src/platform/outbox/jobs.ts'
import { MINUTE } from '../src/platform/time/durations.ts'
import { JOBS } from './all-jobs.ts'
import { HopelessJobError, type JobDeps } from './job.ts'

/** When to try again to write down that a job failed for good, while the database is away. */
const RECORD_FAILURE_AGAIN_MS = MINUTE

/**
 * Runs a queued job by its outbox row: the row, not the queue, says what is to be done and whether it still is.
 * The row's lock makes two runs wait for each other, and the mark commits with the effect: so it happens once.
 */
export async function runJob(queued: QueuedJob, token: string | undefined, deps: JobDeps): Promise<void> {
  const id = queued.id ?? ''
  // Nothing is owed under such an id, whoever put it there.
  if (!isUuid(id)) return

  const again = await attempt(id, deps).catch((error) => fail(queued, token, id, error, deps))
  if (again) await runAgain(queued, token, again.getTime() - deps.clock.now().getTime())
}

function attempt(id: string, deps: JobDeps): Promise<Date | null> {
  return deps.db.transaction(async (tx) => {
    const [owed] = await lockOwed(tx).execute({ id })
    if (!owed || owed.doneAt) return null
    if (!isJobName(owed.job))
      throw new Error(`this worker does not know the job '${owed.job}'; a newer one may`)

    const tooEarly = await perform(owed.job, owed.payload, tx, deps)
    if (tooEarly) return tooEarly.again
    await markDone(tx).execute({ id, now: deps.clock.now() })
    return null
  })
}

function perform<Name extends JobName>(name: Name, payload: unknown, tx: Transaction, deps: JobDeps) {
  return JOBS[name](JOB_PAYLOADS[name].parse(payload), tx, deps)
}

const lockOwed = preparedOnce((tx: Transaction) =>
  tx
    .select({ job: outbox.job, payload: outbox.payload, doneAt: outbox.doneAt })
    .from(outbox)
    .where(eq(outbox.id, sql.placeholder('id')))
    .for('update')
    .prepare('lock_owed'),
)

const markDone = preparedOnce((tx: Transaction) =>
  tx
    .update(outbox)
    // A job that a rolled back dispatch left behind may run first: what is done needs no dispatch.
    .set({
      doneAt: given('now', outbox.doneAt),
      dispatchedAt: sql`coalesce(${outbox.dispatchedAt}, ${given('now', outbox.dispatchedAt)})`,
      failedAt: null,
      failure: null,
    })
    .where(eq(outbox.id, sql.placeholder('id')))
    .prepare('mark_done'),
)

/** Fails the attempt. The last one marks the row first, so that no job is given up unseen. */
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

/** What is stored and shown of a failure. Never the message of a failed query: it holds the bound values. */
function describeFailure(error: unknown): string {
  const { type, code, message } = describeError(error)
  return [type, code, message]
    .filter((part) => typeof part === 'string')
    .join(' ')
    .slice(0, 500)
}
