// BullMQ runs on Redis if REDIS_URL is set, else on PostgreSQL. Only this file decides it.
import type { DefaultJobOptions, Processor, Queue, Worker } from 'bullmq'
import type { Config } from '../../config.ts'
import type { Logger } from '../log.ts'
import { DAY, HOUR, SECOND } from '../time/durations.ts'
import type { Backend, WorkOptions } from './backend.ts'
import type { QueueName } from './jobs.ts'
import { openPostgres } from './open-postgres.ts'
import { openRedis } from './open-redis.ts'
import { watchOutage } from './watch-outage.ts'

/** With the delays of workers/retry-delay.ts, enough for more than an hour without a mail server. */
const ATTEMPTS = 30
const JOB_OPTIONS: DefaultJobOptions = {
  attempts: ATTEMPTS,
  backoff: { type: 'retry-delay' },
  removeOnComplete: { age: HOUR / SECOND, count: 1000 },
  removeOnFail: { age: (7 * DAY) / SECOND, count: 1000 },
}

export interface QueueEngine {
  readonly kind: Backend['kind']
  /** Opens the queue at its first use. Rejects within seconds while the engine is unreachable. */
  queue(name: QueueName): Promise<Queue>
  /** Redis may be unreachable. PostgreSQL must answer. */
  work(name: QueueName, processor: Processor, options: WorkOptions): Promise<Worker>
  close(): Promise<void>
}

type QueueSettings = Pick<Config, 'REDIS_URL' | 'DATABASE_URL'> & Partial<Pick<Config, 'REDIS_SENTINELS'>>

export interface EngineOptions {
  namespace?: string
}

export function openQueueEngine(
  { REDIS_URL, REDIS_SENTINELS, DATABASE_URL }: QueueSettings,
  log: Logger,
  { namespace = 'bullmq' }: EngineOptions = {},
): QueueEngine {
  const outage = watchOutage(log, {
    began: 'The queue engine is unreachable. Requests go on. Their jobs wait in the outbox.',
    ended: 'The queue engine answers again.',
  })
  let closing = false
  const away = (error: unknown) => {
    if (!closing) outage.began(error)
  }
  const backend = REDIS_URL
    ? openRedis({ REDIS_URL, REDIS_SENTINELS }, namespace, log, away)
    : openPostgres(DATABASE_URL, away)
  const queues = new Map<QueueName, Promise<Queue>>()
  const workers: Worker[] = []
  const inHand = new Set<Promise<unknown>>()

  async function openQueue(name: QueueName): Promise<Queue> {
    const queue = backend.openQueue(name, JOB_OPTIONS).on('error', away)
    try {
      await queue.waitUntilReady()
    } catch (error) {
      // BullMQ never retries a failed first connection. A new queue does.
      queues.delete(name)
      await queue.close().catch(() => {})
      throw error
    }
    return queue
  }

  function tracked(processor: Processor): Processor {
    return (job, token) => {
      const run = processor(job, token).finally(() => inHand.delete(run))
      inHand.add(run)
      return run
    }
  }

  return {
    kind: backend.kind,
    async queue(name) {
      try {
        await backend.ready()
        const opened = queues.get(name) ?? openQueue(name)
        queues.set(name, opened)
        const queue = await opened
        if (outage.lasting()) {
          // An open connection does not prove that the engine answers.
          await queue.getActiveCount()
          outage.ended()
        }
        return queue
      } catch (error) {
        away(error)
        throw error
      }
    },
    async work(name, processor, options) {
      if (backend.kind === 'postgres') await backend.ready()
      const worker = backend.openWorker(name, tracked(processor), options).on('error', away)
      workers.push(worker)
      if (backend.kind === 'postgres') await worker.waitUntilReady()
      return worker
    },
    async close() {
      closing = true
      // While Redis is unreachable, an orderly close never returns. Then wait for the running jobs only.
      const force = !backend.connected()
      await Promise.all(workers.map((worker) => worker.close(force)))
      await Promise.allSettled(inHand)
      const opened = await Promise.allSettled(queues.values())
      await Promise.all(
        opened.map((queue) => (queue.status === 'fulfilled' ? queue.value.close() : undefined)),
      )
      await backend.close()
    },
  }
}
