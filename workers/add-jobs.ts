import { isJobName, QUEUE_OF, QUEUES } from '../src/platform/outbox/jobs.ts'
import type { QueueEngine } from '../src/platform/outbox/queues.ts'

export interface OwedJob {
  id: string
  job: string
  payload: Record<string, string>
  dueAt: Date | null
}

export interface PrioritisedJob extends OwedJob {
  /** The user or client account whose fair share of the queue it takes; null: of nothing known. */
  share: string | null
  /** For BullMQ: a smaller number goes first. */
  priority: number
}

/** Queues jobs under the ids of their outbox rows: an id that is queued already changes nothing. */
export async function addJobs(
  engine: QueueEngine,
  owed: readonly PrioritisedJob[],
  now: Date,
): Promise<void> {
  for (const name of QUEUES) {
    const jobs = owed.filter(({ job }) => isJobName(job) && QUEUE_OF[job] === name)
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
