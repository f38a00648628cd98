import type { Job, JobState, Queue } from 'bullmq'
import type { AuditAction } from '../audit/actions.ts'
import { type Origin, record } from '../audit/record.ts'
import type { Deps } from '../deps.ts'
import type { Proofs } from '../gate/facts.ts'
import { currentOperator } from './current-operator.ts'

interface Change {
  action: AuditAction
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
    from: ['waiting', 'delayed', 'completed', 'failed'],
    make: (job) => job.remove(),
  },
  promote: { action: 'queue.job-promoted', from: ['delayed'], make: (job) => job.promote() },
} as const satisfies Record<string, Change>

/** As bull-board calls them. */
export type ChangeName = keyof typeof CHANGES
export const CHANGE_NAMES = Object.keys(CHANGES) as ChangeName[]

export interface Operation {
  actor: Proofs
  origin: Origin
}

/**
 * Changes one job and records it; 'not-possible' where there is no such job, or it is in another state, 'not-allowed'
 * for whoever is no operator any more.
 */
export async function changeJob(
  deps: Pick<Deps, 'db' | 'clock'>,
  queue: Queue,
  { name, jobId, ...operation }: Operation & { name: ChangeName; jobId: string },
): Promise<'done' | 'not-possible' | 'not-allowed'> {
  const { action, from, make }: Change = CHANGES[name]
  const job: Job | undefined = await queue.getJob(jobId)
  if (!job || !from.includes(await job.getState())) return 'not-possible'
  // The next run of a schedule: without it there would be none after it.
  if (name === 'clean' && job.repeatJobKey && !job.finishedOn) return 'not-possible'

  const details = { queue: queue.name, job: job.name, jobId }
  try {
    return (await recorded(deps, operation, action, details, () => make(job))) ? 'done' : 'not-allowed'
  } catch (error) {
    // Another operator, or the worker, was first.
    if (!from.includes(await job.getState())) return 'not-possible'
    throw error
  }
}

/** Retries every failed job that a queue still has. Returns how many; null for whoever is no operator any more. */
export async function retryFailedJobs(
  deps: Pick<Deps, 'db' | 'clock'>,
  queue: Queue,
  operation: Operation,
): Promise<number | null> {
  const failed: Job[] = await queue.getFailed()
  if (failed.length === 0) return 0
  const { action, make } = CHANGES.retry
  const unlessRetried = (job: Job) =>
    make(job).catch(async (error: unknown) => {
      if (await job.isFailed()) throw error
    })
  const details = { queue: queue.name, jobs: failed.length }
  const done = await recorded(deps, operation, action, details, () => Promise.all(failed.map(unlessRetried)))
  return done ? failed.length : null
}

/**
 * Records first and commits last: no change goes unrecorded, and none is recorded that was not made. False, and
 * nothing is done, for whoever is no operator any more.
 */
function recorded(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  { actor, origin }: Operation,
  action: AuditAction,
  details: Record<string, unknown>,
  change: () => Promise<unknown>,
): Promise<boolean> {
  return db.transaction(async (tx) => {
    const now = clock.now()
    const operator = await currentOperator(tx, actor, now)
    if (!operator) return false
    await record(tx, {
      at: now,
      action,
      outcome: 'success',
      origin,
      clientId: operator.clientId,
      actorId: operator.id,
      subjectId: null,
      details,
    })
    await change()
    return true
  })
}
