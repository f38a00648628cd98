import { once } from 'node:events'
import { Queue, Worker } from 'bullmq'
import type { Redis, RedisOptions } from 'ioredis'
import type { Logger } from '../log.ts'
import { SECOND } from '../time/durations.ts'
import type { Backend } from './backend.ts'
import { connectRedis, type RedisAddress } from './connect-redis.ts'

const PATIENCE_MS = 2 * SECOND

export function openRedis(
  address: RedisAddress,
  prefix: string,
  log: Logger,
  onError: (error: unknown) => void,
): Backend {
  const connections: Redis[] = []
  function connect(
    options: Pick<
      RedisOptions,
      'lazyConnect' | 'maxRetriesPerRequest' | 'enableOfflineQueue' | 'commandTimeout'
    >,
  ): Redis {
    const connection = connectRedis(address, { ...options, connectTimeout: PATIENCE_MS, retryStrategy })
    connections.push(connection.on('error', onError))
    return connection
  }

  const forQueues = connect({
    lazyConnect: true,
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    commandTimeout: PATIENCE_MS,
  })
  forQueues.on('ready', () => checkRedis(forQueues, log))
  let forWorkers: Redis | undefined

  return {
    kind: 'redis',
    async ready() {
      if (forQueues.status === 'ready') return
      if (forQueues.status === 'wait') forQueues.connect().catch(() => {})
      await once(forQueues, 'ready', { signal: AbortSignal.timeout(PATIENCE_MS) })
    },
    openQueue: (name, defaultJobOptions) =>
      new Queue(name, { connection: forQueues, prefix, defaultJobOptions }),
    openWorker(name, processor, options) {
      // Not lazy: BullMQ never retries a lazy connection whose first attempt failed.
      forWorkers ??= connect({ maxRetriesPerRequest: null })
      return new Worker(name, processor, { ...options, connection: forWorkers, prefix })
    },
    connected: () => connections.every(({ status }) => status === 'ready' || status === 'wait'),
    async close() {
      for (const connection of connections) connection.disconnect()
    },
  }
}

function retryStrategy(times: number): number {
  return Math.min(100 * 2 ** Math.min(times, 10), 2 * SECOND)
}

/** Warns of a Redis that may lose jobs. Reads INFO, because hosted Redis often refuses CONFIG. */
async function checkRedis(redis: Redis, log: Logger): Promise<void> {
  const info = await redis.info().catch(() => '')
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1]
  if (policy && policy !== 'noeviction')
    log.error({ policy }, 'Redis may evict jobs when memory is short: set maxmemory-policy to noeviction.')
  if (/^aof_enabled:0/m.test(info))
    log.warn('Redis does not persist jobs as they come: set appendonly to yes. A restart would delay them.')
}
