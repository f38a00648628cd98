// npm test [-- part of a path …]: runs the tests, all of them or those whose path contains a part.
// `node --test` has a process for each file, and loading the product through tsx costs each process 3 s of a core.
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, join } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { PROJECT_ROOT } from '../src/platform/project-root.ts'
import { MINUTE } from '../src/platform/time/durations.ts'
import { unpackChromium } from './support/chromium.ts'
import { startTestCluster } from './support/cluster.ts'
import { FAULT_TIME_MS } from './support/fault-time.ts'
import { filesNotEnded, setFilesOfRun } from './support/files-of-run.ts'
import { endProcesses } from './support/processes-of-run.ts'
import { REDIS_AVAILABLE } from './support/redis-server.ts'
import { makeRunFolder, removeRunFolder } from './support/run-folder.ts'

process.chdir(PROJECT_ROOT)
const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort())

/** A process limits the time of each of its files itself. That does not help if it computes without end. */
const RUN_TIMEOUT_MS = 30 * MINUTE + 3 * FAULT_TIME_MS

const files = chooseFiles(process.argv.slice(2))
/** Faults need a machine that is not busy. Of the others one more than cores: some wait for other processes. */
const processes = files.every(needsFaults) ? 1 : availableParallelism() + 1
// The machine that decides must not decide without having tried the queues of production.
if (process.env.CI === 'true' && !REDIS_AVAILABLE)
  throw new Error('There is neither redis-server nor TEST_REDIS_URL: tests would be skipped')

const folder = await makeRunFolder('in-memory')
try {
  const unpacked = files.some(needsBrowser) ? unpackChromium() : null
  // An error is thrown below, once the cluster can be stopped.
  unpacked?.catch(() => {})
  const cluster = await startTestCluster(folder)
  try {
    await unpacked
    process.exitCode = (await runTests(files)) ? 0 : 1
  } finally {
    await cluster.stop('immediate')
  }
} finally {
  await removeRunFolder(folder)
}

function chooseFiles(parts: readonly string[]): string[] {
  const files = readdirSync('test', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => join('test', file))
    .filter((file) => (parts.length === 0 ? !needsFaults(file) : parts.some((part) => file.includes(part))))
    .sort(inOrderOfRunning)
  if (files.length === 0)
    throw new Error(`There is no test file${parts.length ? ` like ${parts.join(', ')}` : ''}.`)
  return files
}

/** What takes longest begins first. The others not by folder: in some folders all compute, in others all wait. */
function inOrderOfRunning(one: string, other: string): number {
  const browserFirst = Number(needsBrowser(other)) - Number(needsBrowser(one))
  return browserFirst || basename(one).localeCompare(basename(other))
}

/** What kills servers and measures time needs a machine that is not busy with other tests: `npm run test:faults`. */
function needsFaults(file: string): boolean {
  return file.startsWith(join('test', 'faults'))
}

function needsBrowser(file: string): boolean {
  return file.includes('browser')
}

/** Returns whether everything passed. */
function runTests(files: string[]): Promise<boolean> {
  let failed = 0
  setFilesOfRun(files)
  const results = run({
    files: Array(Math.min(processes, files.length)).fill('test/test-process.ts'),
    concurrency: processes,
    signal: stopping.signal,
  })
  results.on('test:fail', ({ todo }) => {
    if (todo === undefined || todo === false) failed += 1
  })
  return new Promise((resolve, reject) => {
    const timeout = setTimeout(async () => {
      const standing = await endProcesses()
      process.stderr.write(`This run does not end. Its processes were ended.\n${standing.join('\n')}\n`)
      stopping.abort()
    }, RUN_TIMEOUT_MS)
    results.on('error', reject)
    results.on('end', () => {
      clearTimeout(timeout)
      const missing = filesNotEnded()
      if (missing.length > 0) process.stderr.write(`Not run to the end: ${missing.join(', ')}\n`)
      resolve(failed === 0 && missing.length === 0 && !stopping.signal.aborted)
    })
    results.compose(new spec()).pipe(process.stdout)
  })
}
