// A worker in a process of its own, with short times, for tests that kill it.
import { readWorkerConfig } from '../../src/config.ts'
import { openDeps } from '../../src/deps.ts'
import { startWorker, WORKER_CONNECTIONS } from '../../workers/start-worker.ts'
import { SHORT } from './short-times.ts'

const config = readWorkerConfig(process.env)
const deps = await openDeps(config, 'worker', { connections: WORKER_CONNECTIONS })
const worker = await startWorker({ ...deps, config }, SHORT)
process.on('SIGTERM', async () => {
  await worker.stop()
  await deps.close()
  process.exit()
})
process.send?.('ready')
