import type { Redis } from 'ioredis'
import type { Logger } from '../log.ts'

/**
 * Complains loudly about a Redis that may lose jobs. They would be rebuilt from the outbox, but late. Asks INFO,
 * since hosted Redis often refuses CONFIG.
 */
export async function checkRedis(redis: Redis, log: Logger): Promise<void> {
  const info = await redis.info().catch(() => '')
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1]
  if (policy && policy !== 'noeviction')
    log.error({ policy }, 'Redis may evict jobs when memory is short: set maxmemory-policy to noeviction.')
  if (/^aof_enabled:0/m.test(info))
    log.warn('Redis does not persist jobs as they come: set appendonly to yes. A restart would delay them.')
}
