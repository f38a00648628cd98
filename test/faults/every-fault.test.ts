// Two web and two worker processes under steady load, while processes, servers and clocks fail at random.
// FAULT_SEED repeats an order of faults; FAULT_MINUTES is the time on each engine; FAULT_REPORT is a file for the figures.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { after, test } from 'node:test'
import { createLog } from '../../src/platform/log.ts'
import { SCHEDULED_JOB_NAMES, SCHEDULED_QUEUE } from '../../src/platform/outbox/jobs.ts'
import { openQueueEngine } from '../../src/platform/outbox/queues.ts'
import { MINUTE } from '../../src/platform/time/durations.ts'
import { Browser } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { FAULT_TIME_MS } from '../support/fault-time.ts'
import { judged } from '../support/judged.ts'
import { builtModule, startProcess } from '../support/processes.ts'
import { REDIS_AVAILABLE } from '../support/redis-server.ts'
import { type Installation, seedOf, startInstallation } from './installation.ts'
import { type Run, reportLines } from './report.ts'
import { reportTable } from './report-table.ts'
import { runUnderFaults } from './run-under-faults.ts'
import { REAL_CLOCK } from './visit.ts'

const SEED = seedOf(process.env.FAULT_SEED)
const REPORT = process.env.FAULT_REPORT
/** The workers of production may need minutes until the jobs of a killed one are done. */
const IS_SHORT = FAULT_TIME_MS < 3 * MINUTE
const LIMITS = { faultMs: FAULT_TIME_MS, doneMs: IS_SHORT ? 3 * MINUTE : 8 * MINUTE }

const runs: Run[] = []
let installation: Installation
after(() => installation?.stop())

for (const engine of ['redis', 'postgres'] as const)
  test(`on ${engine} queues no acknowledged request is lost or doubled, no page is shown without a right, and everything recovers by itself, whatever fails`, {
    skip: engine === 'redis' && !REDIS_AVAILABLE,
    timeout: 14 * MINUTE + FAULT_TIME_MS,
  }, async (t) => {
    await installation?.stop()
    installation = await startInstallation(engine, IS_SHORT)

    const run = await runUnderFaults(installation, SEED, LIMITS)

    const { violations, events, times } = run.verdict
    runs.push(run)
    const report = [...reportLines(run), ...violations, ...times.late, ...reportTable(runs)]
    for (const line of report) t.diagnostic(line)
    if (REPORT) await writeFile(REPORT, `${report.join('\n')}\n`, { flag: engine === 'redis' ? 'w' : 'a' })
    assert.deepEqual(violations, [])
    // A short run shares its machine with whatever else runs there.
    if (!IS_SHORT) assert.deepEqual(times.late, [], 'no answer is late')
    assert.ok(events.acknowledged > 0 && run.struck.length > 0)
    await stillServes(installation)
    await jobsAreScheduled(installation)
    await auditVerifies(installation)
  })

async function stillServes({ balancer, enrolled, webs, workers }: Installation): Promise<void> {
  await Promise.all([...webs, ...workers].map((running) => running.ready()))
  // After a full disk a web process is not ready for half a minute.
  for (const port of balancer.ports)
    await eventually(
      'the web process is ready',
      async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).status === 200,
      MINUTE,
    )
  const visitor = new Browser(balancer.origin, REAL_CLOCK)
  const { status } = await judged(() => visitor.signInWithPassword(enrolled[0]?.email ?? ''))
  assert.equal(status, 303)
}

/** A wrong clock may have put off the jobs that are repeated. */
async function jobsAreScheduled({ env: { DATABASE_URL = '' }, redis }: Installation): Promise<void> {
  const engine = openQueueEngine({ DATABASE_URL, REDIS_URL: redis?.url }, createLog('test', 'fatal'))
  try {
    const queue = await engine.queue(SCHEDULED_QUEUE)
    await eventually(
      'every repeated job runs in time',
      async () => {
        const schedulers = await Promise.all(SCHEDULED_JOB_NAMES.map((name) => queue.getJobScheduler(name)))
        return schedulers.every((job) => job?.next && job.every && job.next <= Date.now() + job.every)
      },
      MINUTE,
    )
  } finally {
    await engine.close()
  }
}

async function auditVerifies({ env }: Installation): Promise<void> {
  const verifying = startProcess(builtModule('src/commands/audit-verify.js'), env)
  verifying.ready.catch(() => {})
  assert.equal(await verifying.ended, 0, verifying.output())
}
