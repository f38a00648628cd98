import { isJobName, QUEUE_OF, QUEUES } from '../src/platform/outbox/jobs.ts'
import type { QueueEngine } from '../src/platform/outbox/queues.ts'

export interface PendingJob {
  id: string
  job: string
  payload: Record<string, string>
  dueAt: Date | null
}

export interface PrioritisedJob extends PendingJob {
  /** The user or client account whose fair share the job uses. Null if unknown. */
  share: string | null
  priority: number
}

/** Job ids are the ids of the outbox rows, so BullMQ ignores a job that is already queued. */
export async function addJobs(
  engine: QueueEngine,
  pending: readonly PrioritisedJob[],
  now: Date,
): Promise<void> {
  for (const name of QUEUES) {
    const jobs = pending.filter(({ job }) => isJobName(job) && QUEUE_OF[job] === name)
    if (jobs.length === 0) continue
    const queue = await engine.queue(name)
    await queue.addBulk(
      jobs.map(({ id, job, payload, dueAt, priority }) => ({
        name: job,
        data: payload,
        opts: { jobId: id, priority, delay: dueAt ? Math.max(0, dueAt.getTime() - now.getTime()) : 0 },
      })),
    )
  }
}
