// Two web and two worker processes under steady load, while processes and servers fail at random.
// FAULT_SEED repeats an order of faults; FAULT_MINUTES is the time on each engine.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { MINUTE } from '../../src/platform/time/durations.ts'
import { Browser } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { FAULT_TIME_MS } from '../support/fault-time.ts'
import { builtModule, startProcess } from '../support/processes.ts'
import { REDIS_AVAILABLE } from '../support/redis-server.ts'
import { strike } from './faults.ts'
import { type Installation, seedOf, startInstallation } from './installation.ts'
import { Scene } from './journeys.ts'
import { judge } from './judge.ts'
import { Ledger } from './ledger.ts'
import { accountsOf } from './people.ts'
import { PolicyDesk } from './policy-desk.ts'
import { Random } from './random.ts'
import { reportLines } from './report.ts'

const SEED = seedOf(process.env.FAULT_SEED)
/** The workers of production may need minutes until the jobs of a killed one are done. */
const IS_SHORT = FAULT_TIME_MS < 3 * MINUTE
const DONE_WITHIN_MS = 3 * MINUTE

let installation: Installation
after(() => installation?.stop())

for (const engine of ['redis', 'postgres'] as const)
  test(`on ${engine} queues no acknowledged request is lost or doubled, no page is shown without a right, and everything recovers by itself, whatever fails`, {
    skip: engine === 'redis' && !REDIS_AVAILABLE,
    timeout: 8 * MINUTE + FAULT_TIME_MS,
  }, async (t) => {
    await installation?.stop()
    installation = await startInstallation(engine, IS_SHORT)
    const { sql, mailServer, balancer } = installation
    const random = new Random(SEED)
    const ledger = new Ledger()
    const endsAt = Date.now() + FAULT_TIME_MS
    const isOver = () => Date.now() > endsAt
    const desk = await PolicyDesk.open(installation, ledger, random.branch())
    const scenes = (await accountsOf(installation)).map(
      (account) => new Scene(ledger, balancer.origin, account, random.branch()),
    )

    const [struck] = await Promise.all([
      strike(installation, random.branch(), isOver),
      ...[desk, ...scenes].map((people) => people.play(isOver)),
    ])
    const lastFaultAt = Math.max(...struck.map(({ to }) => to))
    await eventually('all work is done', () => isAllDone(installation), DONE_WITHIN_MS)
    const recoveredMs = Date.now() - lastFaultAt

    const verdict = await judge(sql, ledger.entries, mailServer)
    for (const line of reportLines({
      engine,
      seed: SEED,
      entries: ledger.entries,
      struck,
      verdict,
      recoveredMs,
    }))
      t.diagnostic(line)
    for (const violation of verdict.violations) t.diagnostic(violation)
    assert.deepEqual(verdict.violations, [])
    assert.ok(verdict.events.acknowledged > 0 && struck.length > 0)
    await stillServes(installation)
    await auditVerifies(installation)
  })

async function isAllDone({ sql }: Installation): Promise<boolean> {
  const [row] = await sql<[{ open: number }]>`
    select count(*)::int as open from outbox
    where done_at is null and failed_at is null and (due_at is null or due_at < now() + interval '20 seconds')`
  return row.open === 0
}

async function stillServes({ balancer, enrolled, webs, workers }: Installation): Promise<void> {
  await Promise.all([...webs, ...workers].map((running) => running.ready()))
  for (const port of balancer.ports)
    assert.equal((await fetch(`http://127.0.0.1:${port}/readyz`)).status, 200)
  const visitor = new Browser(balancer.origin, { now: () => new Date(), advance: () => {} })
  const { status } = await visitor.signInWithPassword(enrolled[0]?.email ?? '')
  assert.equal(status, 303)
}

async function auditVerifies({ env }: Installation): Promise<void> {
  const verifying = startProcess(builtModule('src/commands/audit-verify.js'), env)
  verifying.ready.catch(() => {})
  assert.equal(await verifying.ended, 0, verifying.output())
}
