import type { Queue } from 'bullmq'
import { patienceWithin } from '../platform/db/deadline.ts'
import type { QueueEngine } from '../platform/outbox/queues.ts'
import { SECOND } from '../platform/time/durations.ts'
import { within } from '../platform/time/within.ts'
import { openQueues } from './reach-queues.ts'

const PATIENCE_MS = 2 * SECOND

export interface QueueLine {
  name: string
  waiting: number
  active: number
  delayed: number
  failed: number
}

/** The counts of each queue; null while the engine is away. */
export async function readQueueLines(engine: QueueEngine): Promise<QueueLine[] | null> {
  const lines = openQueues(engine).then((queues) => Promise.all(queues.map(readLine)))
  return within(patienceWithin(PATIENCE_MS), lines).catch(() => null)
}

async function readLine(queue: Queue): Promise<QueueLine> {
  const counts = await queue.getJobCounts('waiting', 'prioritized', 'active', 'delayed', 'failed')
  const { waiting = 0, prioritized = 0, active = 0, delayed = 0, failed = 0 } = counts
  // Jobs of the outbox have a priority, those of the schedule none.
  return { name: queue.name, waiting: waiting + prioritized, active, delayed, failed }
}
