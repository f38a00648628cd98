// The worker process: relays the outbox and runs the jobs until it is stopped.
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { readWorkerConfig, type WorkerConfig } from '../src/config.ts'
import { openDeps } from '../src/deps.ts'
import { exportTraces } from '../src/export-traces.ts'
import { UnpatchedDriverError } from '../src/platform/db/client.ts'
import { UnfitServerError } from '../src/platform/db/require-server.ts'
import { createLog, type Logger } from '../src/platform/log.ts'
import { watchOutage } from '../src/platform/outbox/watch-outage.ts'
import { runCommand } from '../src/platform/run-command.ts'
import { SECOND } from '../src/platform/time/durations.ts'
import { startWorker, WORKER_CONNECTIONS } from './start-worker.ts'

const STOP_WITHIN_MS = 10 * SECOND

const stopping = new AbortController()
for (const event of ['SIGTERM', 'SIGINT', 'disconnect']) process.on(event, () => stopping.abort())

await runCommand(work)
process.exit()

async function work(): Promise<void> {
  const config = readWorkerConfig(process.env)
  const log = createLog('worker', config.LOG_LEVEL)
  const sendTraces = exportTraces(config, 'worker', log)
  const stop = await start(config, log, stopping.signal)
  if (!stop) return
  process.send?.('ready')
  log.info('The worker has started.')
  if (!stopping.signal.aborted) await once(stopping.signal, 'abort')
  log.info('The worker finishes its running jobs, then stops.')
  const ended = stop().then(sendTraces)
  const inTime = await Promise.race([ended.then(() => true), sleep(STOP_WITHIN_MS, false)])
  if (!inTime) log.warn('Some jobs did not finish in time. They will run again.')
}

async function start(
  config: WorkerConfig,
  log: Logger,
  stopped: AbortSignal,
): Promise<(() => Promise<void>) | null> {
  const outage = watchOutage(log, {
    began:
      'The worker cannot start; it tries again each second. Is the database at DATABASE_URL up and migrated?',
    ended: 'The database answers.',
  })
  while (!stopped.aborted) {
    try {
      const stop = await open(config)
      outage.ended()
      return stop
    } catch (error) {
      if (error instanceof UnpatchedDriverError || error instanceof UnfitServerError) throw error
      outage.began(error)
      await sleep(SECOND, undefined, { signal: stopped }).catch(() => {})
    }
  }
  return null
}

async function open(config: WorkerConfig): Promise<() => Promise<void>> {
  const deps = await openDeps(config, 'worker', { connections: WORKER_CONNECTIONS })
  try {
    const worker = await startWorker({ ...deps, config })
    return () => worker.stop().then(deps.close)
  } catch (error) {
    await deps.close()
    throw error
  }
}
