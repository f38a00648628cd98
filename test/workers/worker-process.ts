// A worker in a process of its own, with short times, for tests that kill it.
import { readConfig } from '../../src/config.ts'
import { openDeps } from '../../src/deps.ts'
import { startWorker } from '../../workers/start-worker.ts'
import { SHORT } from './short-times.ts'

await startWorker(await openDeps(readConfig(process.env), 'worker'), SHORT)
process.send?.('ready')
