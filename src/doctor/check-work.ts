import type { WorkerConfig } from '../config.ts'
import { readOutbox } from '../ops/outbox.queries.ts'
import { openQueues } from '../ops/reach-queues.ts'
import { readSealing } from '../ops/sealing.queries.ts'
import type { Database } from '../platform/db/client.ts'
import { createLog } from '../platform/log.ts'
import { connectRedis, type RedisAddress } from '../platform/outbox/connect-redis.ts'
import { countListeners } from '../platform/outbox/listeners.queries.ts'
import { openQueueEngine } from '../platform/outbox/queues.ts'
import { MINUTE, SECOND } from '../platform/time/durations.ts'
import { type Finding, findingsAbout, reasonOf } from './finding.ts'

const LONGEST_WAIT_MS = 5 * MINUTE
const REDIS_PATIENCE_MS = 2 * SECOND

/** Whether BullMQ answers, and whether its Redis keeps jobs. */
export async function checkQueues(config: WorkerConfig): Promise<Finding[]> {
  const { ok, problem } = findingsAbout('queues')
  const engine = openQueueEngine(config, createLog('doctor', 'silent'))
  try {
    await openQueues(engine)
    const found = ok(engine.kind === 'redis' ? 'BullMQ answers, on Redis.' : 'BullMQ answers, on PostgreSQL.')
    const { REDIS_URL, REDIS_SENTINELS } = config
    return REDIS_URL ? [found, await checkRedis({ REDIS_URL, REDIS_SENTINELS })] : [found]
  } catch (error) {
    const setting = config.REDIS_URL ? 'REDIS_URL' : 'DATABASE_URL'
    return [problem(`The queues cannot be reached (${reasonOf(error)}). Check ${setting}.`)]
  } finally {
    await engine.close()
  }
}

async function checkRedis(address: RedisAddress): Promise<Finding> {
  const { ok, warning } = findingsAbout('Redis')
  const redis = connectRedis(address, { maxRetriesPerRequest: 1, commandTimeout: REDIS_PATIENCE_MS })
  try {
    const info = await redis.info()
    const wrong = [
      ...(/^maxmemory_policy:noeviction/m.test(info) ? [] : ['maxmemory-policy noeviction']),
      ...(/^aof_enabled:1/m.test(info) ? [] : ['appendonly yes']),
    ]
    return wrong.length === 0
      ? ok('It keeps what it is given.')
      : warning(`It may lose jobs, which then start late. Set: ${wrong.join(', ')}.`)
  } catch (error) {
    return warning(`It does not say how it is configured (${reasonOf(error)}).`)
  } finally {
    redis.disconnect()
  }
}

/** Whether a worker runs and keeps up. */
export async function checkWork(db: Database): Promise<Finding[]> {
  return [await checkWorker(db), await checkOutbox(db), await checkSealing(db)]
}

async function checkWorker(db: Database): Promise<Finding> {
  const { ok, warning } = findingsAbout('worker')
  const listening = await countListeners(db)
  return listening > 0
    ? ok(`${listening} listening for new work.`)
    : warning('No worker is listening. Start one: npm run worker')
}

async function checkOutbox(db: Database): Promise<Finding> {
  const { ok, warning } = findingsAbout('outbox')
  const { failed, oldestPendingMs } = await readOutbox(db)
  if (failed > 0) return warning(`${failed} jobs were given up. See /ops.`)
  return (oldestPendingMs ?? 0) > LONGEST_WAIT_MS
    ? warning(
        `The oldest job has waited for ${Math.round((oldestPendingMs ?? 0) / MINUTE)} minutes. See /ops.`,
      )
    : ok('No job has waited long.')
}

async function checkSealing(db: Database): Promise<Finding> {
  const { ok, warning } = findingsAbout('audit log')
  const { unsealed, lastSealedAt } = await readSealing(db)
  const isLate = lastSealedAt !== null && Date.now() - lastSealedAt.getTime() > LONGEST_WAIT_MS
  return unsealed > 0 && isLate
    ? warning(`${unsealed} events wait for a seal. Does the worker run, and do AUDIT_KEYS fit?`)
    : ok(`${unsealed} events wait for the next seal.`)
}
