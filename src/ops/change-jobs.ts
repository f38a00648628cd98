import type { Job, JobState, Queue } from 'bullmq'
import type { Deps } from '../deps.ts'
import type { AuditAction } from '../platform/audit/actions.ts'
import { asOperator, type Operation } from './as-operator.ts'

interface Change {
  action: Extract<AuditAction, `queue.${string}`>
  from: readonly (JobState | 'unknown')[]
  make: (job: Job) => Promise<unknown>
}

// Nothing here adds a job or empties a queue. A removed job comes back while its outbox row is pending.
const CHANGES = {
  retry: {
    action: 'queue.job-retried',
    from: ['failed'],
    // Otherwise the next failure would be final.
    make: (job) => job.retry('failed', { resetAttemptsMade: true }),
  },
  promote: { action: 'queue.job-promoted', from: ['delayed'], make: (job) => job.promote() },
  remove: {
    action: 'queue.job-removed',
    from: ['waiting', 'prioritized', 'delayed', 'completed', 'failed'],
    make: (job) => job.remove(),
  },
} as const satisfies Record<string, Change>

export type ChangeName = keyof typeof CHANGES
export const CHANGE_NAMES = Object.keys(CHANGES) as ChangeName[]

/** Thrown when another operator or the worker was faster; it rolls the audit record back. */
class TooLateError extends Error {}

export function canChange(name: ChangeName, job: Job, state: JobState | 'unknown'): boolean {
  const { from }: Change = CHANGES[name]
  // Removing the next run of a schedule would end the schedule.
  const isNextRun = Boolean(job.repeatJobKey) && !job.finishedOn
  return from.includes(state) && !(name === 'remove' && isNextRun)
}

/** Records before the change and commits after it, so that each change has its record. */
export async function changeJob(
  deps: Pick<Deps, 'db' | 'clock'>,
  queue: Queue,
  { name, jobId, ...operation }: Operation & { name: ChangeName; jobId: string },
): Promise<'done' | 'not-possible' | 'not-allowed'> {
  const job: Job | undefined = await queue.getJob(jobId)
  if (!job) return 'not-possible'

  const details = { queue: queue.name, job: job.name, jobId }
  try {
    return await asOperator(deps, { ...operation, action: CHANGES[name].action }, async (_tx, recordIt) => {
      await recordIt(details)
      await makeInTime(name, job)
      return 'done' as const
    })
  } catch (error) {
    if (error instanceof TooLateError) return 'not-possible'
    throw error
  }
}

/** Retries all failed jobs of a queue and records their number, which it returns. */
export async function retryFailedJobs(
  deps: Pick<Deps, 'db' | 'clock'>,
  queue: Queue,
  operation: Operation,
): Promise<number | 'not-allowed'> {
  const { action } = CHANGES.retry
  const outcome = await asOperator(deps, { ...operation, action }, async (_tx, recordIt) => {
    const failed: Job[] = await queue.getFailed()
    const attempts = await Promise.allSettled(failed.map((job) => makeInTime('retry', job)))
    const failures = attempts.flatMap((attempt) => (attempt.status === 'rejected' ? [attempt.reason] : []))
    const retried = attempts.length - failures.length
    // Recorded afterwards: only now the number is known.
    if (retried > 0) await recordIt({ queue: queue.name, jobs: retried })
    return { retried, failure: failures.find((reason) => !(reason instanceof TooLateError)) }
  })
  if (outcome === 'not-allowed') return outcome
  // Thrown after the commit, which keeps the record of the retried jobs.
  if (outcome.failure) throw outcome.failure
  return outcome.retried
}

async function makeInTime(name: ChangeName, job: Job): Promise<void> {
  if (!canChange(name, job, await job.getState())) throw new TooLateError()
  try {
    await CHANGES[name].make(job)
  } catch (error) {
    throw canChange(name, job, await job.getState()) ? error : new TooLateError()
  }
}
