import type { Queue } from 'bullmq'
import { SCHEDULED_JOB_NAMES, SCHEDULED_JOBS, SCHEDULED_QUEUE } from '../src/platform/outbox/jobs.ts'
import type { QueueEngine } from '../src/platform/outbox/queues.ts'

/** Called repeatedly, because a Redis may lose its schedulers, and a wrong clock of a host may disturb them. */
export async function scheduleJobs(engine: QueueEngine): Promise<void> {
  const queue = await engine.queue(SCHEDULED_QUEUE)
  for (const name of SCHEDULED_JOB_NAMES) {
    const every = SCHEDULED_JOBS[name]
    const scheduled = await queue.getJobScheduler(name)
    if (scheduled?.every === every && (await runsInTime(queue, name, every, scheduled.next))) continue
    if (scheduled) await queue.removeJobScheduler(name)
    await queue.upsertJobScheduler(name, { every }, { name, opts: { attempts: 1 } })
  }
}

/**
 * BullMQ takes the next time from the clock of the host that runs the job. If that was ahead, the next job is too late.
 * Once its time has come, jobs of that time are there already, and BullMQ adds none.
 */
async function runsInTime(
  queue: Queue,
  name: string,
  every: number,
  next: number | undefined,
): Promise<boolean> {
  if (next === undefined || next > Date.now() + every) return false
  const job = await queue.getJob(`repeat:${name}:${next}`)
  return job !== undefined && job.finishedOn === undefined
}
