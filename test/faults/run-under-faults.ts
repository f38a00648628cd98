// People use an installation while everything fails, until the work of both is done.
import { MINUTE } from '../../src/platform/time/durations.ts'
import { eventually } from '../support/eventually.ts'
import { type Struck, strike } from './faults.ts'
import type { Installation } from './installation.ts'
import { Scene } from './journeys.ts'
import { judge } from './judge.ts'
import { isAcknowledged, Ledger } from './ledger.ts'
import { Machine } from './machine.ts'
import { accountsOf } from './people.ts'
import { PolicyDesk } from './policy-desk.ts'
import { Probe } from './probe.ts'
import { Random } from './random.ts'
import type { Run } from './report.ts'

/** Faults begin when so many requests were acknowledged: on a busy machine the first sign-ins are refused. */
const SERVED_FIRST = 30
const SERVED_WITHIN_MS = 2 * MINUTE

export interface Limits {
  faultMs: number
  /** For the work that is left after the last fault. */
  doneMs: number
}

export async function runUnderFaults(
  installation: Installation,
  seed: number,
  { faultMs, doneMs }: Limits,
): Promise<Run> {
  const { engine, balancer, webs, party } = installation
  const random = new Random(seed)
  const ledger = new Ledger()
  const machine = new Machine(
    new Map(webs.map((web, index) => [String(balancer.ports[index]), () => web.pid])),
  )
  const probe = await Probe.signIn(balancer.origin, ledger)
  const desk = await PolicyDesk.open(installation, ledger, random.branch())
  const scenes = (await accountsOf(installation)).map(
    (account) => new Scene(ledger, { origin: balancer.origin, party }, account, random.branch()),
  )
  let endsAt = Number.POSITIVE_INFINITY
  const isOver = () => Date.now() > endsAt
  const playing = Promise.all([probe, desk, ...scenes].map((people) => people.play(isOver)))

  async function strikeOnceServed(): Promise<Struck[]> {
    const isServed = () => ledger.entries.filter(isAcknowledged).length > SERVED_FIRST
    await eventually('people are served', isServed, SERVED_WITHIN_MS)
    endsAt = Date.now() + faultMs
    return strike(installation, random.branch(), isOver)
  }

  const struck = await strikeOnceServed().finally(() => {
    endsAt = 0
  })
  await playing
  machine.stop()
  const lastFaultAt = Math.max(...struck.map(({ to }) => to))
  await eventually('all work is done', () => isAllDone(installation), doneMs)
  const recoveredMs = Date.now() - lastFaultAt

  const { looks } = probe
  const { entries } = ledger
  const verdict = await judge(installation, { entries, looks }, machine)
  return { engine, seed, entries, looks, struck, verdict, recoveredMs }
}

async function isAllDone({ sql }: Installation): Promise<boolean> {
  const [row] = await sql<[{ open: number }]>`
    select count(*)::int as open from outbox
    where done_at is null and failed_at is null and (due_at is null or due_at < now() + interval '20 seconds')`
  return row.open === 0
}
