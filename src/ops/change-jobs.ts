import type { Job, JobState, Queue } from 'bullmq'
import type { Deps } from '../deps.ts'
import type { AuditAction } from '../platform/audit/actions.ts'
import { asOperator, type Operation } from './as-operator.ts'

interface Change {
  action: Extract<AuditAction, `queue.${string}`>
  /** The states that it can be made in. */
  from: readonly (JobState | 'unknown')[]
  make: (job: Job) => Promise<unknown>
}

// Nothing here adds a job or empties a queue. The outbox says what is owed: a job that is removed while it is still
// owed comes back, unless it was given up.
const CHANGES = {
  retry: {
    action: 'queue.job-retried',
    from: ['failed'],
    // With all its attempts again: else the first failure would be the last.
    make: (job) => job.retry('failed', { resetAttemptsMade: true }),
  },
  clean: {
    action: 'queue.job-removed',
    from: ['waiting', 'prioritized', 'delayed', 'completed', 'failed'],
    make: (job) => job.remove(),
  },
  promote: { action: 'queue.job-promoted', from: ['delayed'], make: (job) => job.promote() },
} as const satisfies Record<string, Change>

/** As bull-board calls them. */
export type ChangeName = keyof typeof CHANGES
export const CHANGE_NAMES = Object.keys(CHANGES) as ChangeName[]

/** Thrown where another operator, or the worker, was first: what was to be recorded goes back with it. */
class TooLateError extends Error {}

/**
 * Changes one job and records it; 'not-possible' where there is no such job, or it is in another state. Records first
 * and commits last: no change goes unrecorded, and none is recorded that was not made.
 */
export async function changeJob(
  deps: Pick<Deps, 'db' | 'clock'>,
  queue: Queue,
  { name, jobId, ...operation }: Operation & { name: ChangeName; jobId: string },
): Promise<'done' | 'not-possible' | 'not-allowed'> {
  const change: Change = CHANGES[name]
  const job: Job | undefined = await queue.getJob(jobId)
  if (!job) return 'not-possible'
  // The next run of a schedule: without it there would be none after it.
  if (name === 'clean' && job.repeatJobKey && !job.finishedOn) return 'not-possible'

  const details = { queue: queue.name, job: job.name, jobId }
  try {
    return await asOperator(deps, { ...operation, action: change.action }, async (_tx, recordIt) => {
      await recordIt(details)
      await makeInTime(change, job)
      return 'done' as const
    })
  } catch (error) {
    if (error instanceof TooLateError) return 'not-possible'
    throw error
  }
}

/** Retries every failed job that a queue still has, and records how many those were. Returns the same number. */
export async function retryFailedJobs(
  deps: Pick<Deps, 'db' | 'clock'>,
  queue: Queue,
  operation: Operation,
): Promise<number | 'not-allowed'> {
  const { retry } = CHANGES
  const outcome = await asOperator(deps, { ...operation, action: retry.action }, async (_tx, recordIt) => {
    const failed: Job[] = await queue.getFailed()
    const attempts = await Promise.allSettled(failed.map((job) => makeInTime(retry, job)))
    const failures = attempts.flatMap((attempt) => (attempt.status === 'rejected' ? [attempt.reason] : []))
    const retried = attempts.length - failures.length
    // Afterwards, as before nobody knows how many: some may be retried by somebody else, or the engine may die.
    if (retried > 0) await recordIt({ queue: queue.name, jobs: retried })
    return { retried, failure: failures.find((reason) => !(reason instanceof TooLateError)) }
  })
  if (outcome === 'not-allowed') return outcome
  // Only now, so that what was retried before it stays on record.
  if (outcome.failure) throw outcome.failure
  return outcome.retried
}

async function makeInTime({ from, make }: Change, job: Job): Promise<void> {
  if (!from.includes(await job.getState())) throw new TooLateError()
  try {
    await make(job)
  } catch (error) {
    throw from.includes(await job.getState()) ? error : new TooLateError()
  }
}
