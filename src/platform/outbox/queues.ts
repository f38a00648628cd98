// The one place that knows on which engine BullMQ runs: Redis where REDIS_URL is given, else PostgreSQL.
import type { DefaultJobOptions, Processor, Queue, Worker } from 'bullmq'
import type { Config } from '../../config.ts'
import type { Logger } from '../log.ts'
import { DAY, HOUR, SECOND } from '../time/durations.ts'
import type { Backend, WorkOptions } from './backend.ts'
import type { QueueName } from './jobs.ts'
import { openPostgres } from './open-postgres.ts'
import { openRedis } from './open-redis.ts'
import { watchOutage } from './watch-outage.ts'

/** Enough to outlive more than an hour of a dead mail server (see retryDelay in workers/). */
const ATTEMPTS = 30
const JOB_OPTIONS: DefaultJobOptions = {
  attempts: ATTEMPTS,
  backoff: { type: 'retry-delay' },
  removeOnComplete: { age: HOUR / SECOND, count: 1000 },
  removeOnFail: { age: (7 * DAY) / SECOND, count: 1000 },
}

export interface QueueEngine {
  readonly kind: Backend['kind']
  /** A queue, opened at its first use. Rejects while the engine is away, without a wait of more than seconds. */
  queue(name: QueueName): Promise<Queue>
  /** Starts working on a queue. Redis may be away; PostgreSQL must answer. */
  work(name: QueueName, processor: Processor, options: WorkOptions): Promise<Worker>
  /** Closes what was opened: workers first (they finish what they are at), then queues, then connections. */
  close(): Promise<void>
}

export interface EngineOptions {
  /** Keeps those apart that share a Redis: the prefix of its keys. */
  namespace?: string
}

/** Opens the engine that the configuration names. Connects at the first use only. */
export function openQueueEngine(
  config: Pick<Config, 'REDIS_URL' | 'DATABASE_URL'>,
  log: Logger,
  { namespace = 'bullmq' }: EngineOptions = {},
): QueueEngine {
  const outage = watchOutage(log, {
    began: 'The queue engine is away. Requests go on; what they owe waits in the outbox until it is back.',
    ended: 'The queue engine is back.',
  })
  let closing = false
  const away = (error: unknown) => {
    if (!closing) outage.began(error)
  }
  const backend = config.REDIS_URL
    ? openRedis(config.REDIS_URL, namespace, log, away)
    : openPostgres(config.DATABASE_URL, away)
  const queues = new Map<QueueName, Promise<Queue>>()
  const workers: Worker[] = []
  const inHand = new Set<Promise<unknown>>()

  async function openQueue(name: QueueName): Promise<Queue> {
    const queue = backend.openQueue(name, JOB_OPTIONS).on('error', away)
    try {
      await queue.waitUntilReady()
    } catch (error) {
      // BullMQ remembers a first connection that failed for ever: let go of it, so that the next use tries anew.
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
          // A connection that stands is no proof.
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
      // BullMQ's orderly close waits for ever while Redis is away: then only the jobs in hand are waited for.
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
