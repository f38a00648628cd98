// MFA resets: how soon an old session is refused after the click, beside a bare transaction, how soon the reset is
// completed, and how many of them go through in a second, with the queues on PostgreSQL and on Redis in turn.
import { setTimeout as pause } from 'node:timers/promises'
import type { EnrolledUser } from '../../src/demo/bulk-seed.ts'
import type { DatabasePool } from '../../src/platform/db/client.ts'
import { MINUTE, SECOND } from '../../src/platform/time/durations.ts'
import { eventually } from '../support/eventually.ts'
import { REDIS_INSTALLED, RedisServer } from '../support/redis-server.ts'
import { makeRunFolder, removeRunFolder } from '../support/run-folder.ts'
import { Connection } from './connection.ts'
import type { SignInLoad, SignInsDone } from './people.tool.js'
import { type OnStop, type Product, type Seed, someUsers, startProduct } from './product.ts'
import { ms, spread, table } from './report.ts'
import { loadNow, type Section, type SectionOptions } from './section.ts'
import { percentile, type Spread, spreadOf } from './spread.ts'
import { startTool, type Tool } from './tool.ts'

const ACCOUNTS = 12
/** No more sign in at once, with those for warming up, than the people’s tool keeps cookies of. */
const THOROUGH = { rounds: 3, single: 60, burst: 300 }
const QUICK = { rounds: 1, single: 15, burst: 60 }
/** Not measured: new statistics make each connection of web plan its statements anew, once. */
const WARM_UP = 12
const CLICKS_IN_PARALLEL = 8
const PATIENCE_MS = MINUTE
/** The processes clean up for this long after the last pending work. */
const SETTLE_MS = 2 * SECOND
const BETWEEN_CLICKS_MS = 150

type Engine = 'postgres' | 'redis'

interface EngineFigures {
  engine: Engine
  /** Click to 'old session refused': the answers to both requests are back. */
  refusedMs: { p50: number; p99: number }
  /** Click to 'completed', as committed. */
  completedMs: { p50: number; p99: number }
  clickMs: { p50: number; p99: number }
  clicksPerSecond: Spread
  /** All that was clicked is completed. */
  completedPerSecond: Spread
  /** The floor: as many ways to the database, and as durable a commit, with next to nothing to do. */
  bareMs: { p50: number; p99: number }
}

export interface ResetFigures {
  loadBefore: number
  rounds: number
  resetsARound: number
  engines: EngineFigures[]
}

export interface Person extends EnrolledUser {
  clientId: string
}

export interface Cast {
  /** One of each account. */
  admins: Person[]
  /** Users of these accounts whom they may reset. */
  targets: Person[]
}

/** Session cookies of Admins by client account. */
export type AdminCookies = ReadonlyMap<string, string>

interface Round {
  clickMs: number[]
  refusedMs: number[]
  completedMs: number[]
  bareMs: number[]
  clicksPerSecond: number
  completedPerSecond: number
}

export async function benchResets(
  { quick }: SectionOptions,
  onStop: OnStop,
  say: (line: string) => void,
): Promise<Section> {
  const loadBefore = loadNow()
  const { rounds, single, burst } = quick ? QUICK : THOROUGH
  const engines: Engine[] = REDIS_INSTALLED ? ['postgres', 'redis'] : ['postgres']
  const folder = await makeRunFolder('on-disk')
  onStop(() => removeRunFolder(folder))
  say('Bringing up PostgreSQL, web and users …')
  const alone = WARM_UP + single
  const singles = rounds * engines.length * alone
  const cast: Cast = { admins: [], targets: [] }
  const product = await startProduct(folder, castOf(singles + burst, cast), onStop)
  const redis = engines.includes('redis') ? await new RedisServer().start() : null
  onStop(async () => redis?.stop())
  const people = startTool<SignInLoad, SignInsDone>('people.tool.js', [product.origin, product.usersFile])
  onStop(async () => people.stop())

  const cookies = await signIn(people, cast.admins.length)
  const admins = new Map(cast.admins.map(({ clientId }, index) => [clientId, cookies[index] ?? '']))
  const burstTargets = cast.targets.slice(singles, singles + burst)
  const done = new Map<Engine, Round[]>(engines.map((engine) => [engine, []]))
  let used = 0
  for (let round = 1; round <= rounds; round += 1)
    for (const engine of engines) {
      say(`Round ${round} of ${rounds}: ${engine} …`)
      const worker = await product.startWorker(engine === 'redis' ? redis?.url : undefined)
      // First, and so both processes have done all of it before single ones are timed.
      const many = await measureBurst(product, admins, burstTargets)
      const oldSessions = await signIn(people, alone)
      await untilNothingIsPending(product.database.sql)
      // Now, and not during a measurement: a burst has changed half of these small tables.
      await product.database.sql`vacuum (analyze)`
      await pause(SETTLE_MS)
      const one = await measureSingles(product, admins, cast.targets.slice(used, used + alone), oldSessions)
      used += alone
      const bareMs = await measureBare(product.database.sql, single)
      await worker.stop()
      done.get(engine)?.push({ ...many, ...one, bareMs })
    }
  const figures: ResetFigures = {
    loadBefore,
    rounds,
    resetsARound: burst,
    engines: engines.map((engine) => summarise(engine, done.get(engine) ?? [])),
  }
  return { figures, text: resetsText(figures) }
}

/** Admins come first, then those they may reset: in this order they sign in. */
export function castOf(targets: number, cast: Cast): Seed {
  return async (database, keys) => {
    const enrolled = await someUsers(Math.ceil(targets * 1.3) + 10 * ACCOUNTS, ACCOUNTS)(database, keys)
    const rows = await database.sql<{ id: string; clientId: string; isAdmin: boolean }[]>`
      select u.id, u.client_id as "clientId", bool_or(r.is_admin) as "isAdmin" from users u
        join memberships m on m.user_id = u.id join role_groups r on r.id = m.role_group_id group by u.id`
    const rowOf = new Map(rows.map((row) => [row.id, row]))
    for (const user of enrolled) {
      const row = rowOf.get(user.id)
      if (!row) continue
      const person = { ...user, clientId: row.clientId }
      if (!row.isAdmin) cast.targets.push(person)
      else if (cast.admins.every(({ clientId }) => clientId !== row.clientId)) cast.admins.push(person)
    }
    cast.targets = cast.targets.slice(0, targets)
    if (cast.targets.length < targets) throw new Error('too few users to reset were seeded')
    return [...cast.admins, ...cast.targets]
  }
}

/** The next so many sign in. Returns their cookies in the same order. */
export async function signIn(people: Tool<SignInLoad, SignInsDone>, atMost: number): Promise<string[]> {
  const { cookies } = await people.ask({ parallel: 1, warmUpMs: 0, measureMs: MINUTE, atMost })
  if (cookies.length !== atMost) throw new Error('not everybody has signed in')
  return cookies
}

/** One reset after the other, each alone on the machine. */
async function measureSingles(
  { origin, database: { sql } }: Product,
  admins: AdminCookies,
  targets: readonly Person[],
  oldSessions: readonly string[],
): Promise<Pick<Round, 'clickMs' | 'refusedMs' | 'completedMs'>> {
  const times = { clickMs: [] as number[], refusedMs: [] as number[], completedMs: [] as number[] }
  const [admin, user] = [await Connection.open(origin), await Connection.open(origin)]
  for (const [index, target] of targets.entries()) {
    const oldSession = oldSessions[index] ?? ''
    const before = await user.send('/', oldSession)
    if (before.status !== 200) throw new Error(`an open session was answered ${before.status}`)

    const began = performance.now()
    await click(admin, admins, target)
    times.clickMs.push(performance.now() - began)
    const held = await user.send('/', oldSession)
    times.refusedMs.push(performance.now() - began)
    if (!held.location?.startsWith('/sign-in'))
      throw new Error(`an old session was answered ${held.status} ${held.location}`)
    await untilCompleted(sql, [target], 1)
    times.completedMs.push(performance.now() - began)
    await untilNothingIsPending(sql)
    await pause(BETWEEN_CLICKS_MS)
  }
  admin.close()
  user.close()
  return {
    clickMs: times.clickMs.slice(WARM_UP),
    refusedMs: times.refusedMs.slice(WARM_UP),
    completedMs: times.completedMs.slice(WARM_UP),
  }
}

/** What the machine needs for a reset whatever the product does: three reads, a row written, a commit. */
async function measureBare(sql: DatabasePool['sql'], times: number): Promise<number[]> {
  await sql`create table if not exists bare (note text)`
  const bareMs: number[] = []
  for (let time = -WARM_UP; time < times; time += 1) {
    await pause(BETWEEN_CLICKS_MS)
    const began = performance.now()
    await sql`select 1`
    await sql.begin(async (tx) => {
      await tx`select 2`
      await tx`insert into bare values (${'x'.repeat(1000)})`
    })
    await sql`select 3`
    if (time >= 0) bareMs.push(performance.now() - began)
  }
  return bareMs
}

/** All at once, several clicks at a time. */
async function measureBurst(
  { origin, database: { sql } }: Product,
  admins: AdminCookies,
  targets: readonly Person[],
): Promise<Pick<Round, 'clicksPerSecond' | 'completedPerSecond'>> {
  await enrolAgain(sql, targets)
  const waiting = [...targets]
  const began = performance.now()
  const clickOn = async () => {
    const connection = await Connection.open(origin)
    for (let target = waiting.shift(); target; target = waiting.shift())
      await click(connection, admins, target)
    connection.close()
  }
  await Promise.all(Array.from({ length: CLICKS_IN_PARALLEL }, clickOn))
  const clickedMs = performance.now() - began
  await untilCompleted(sql, targets, 5)
  const completedMs = performance.now() - began
  return {
    clicksPerSecond: (targets.length / clickedMs) * 1000,
    completedPerSecond: (targets.length / completedMs) * 1000,
  }
}

export async function click(connection: Connection, admins: AdminCookies, target: Person): Promise<void> {
  const cookie = admins.get(target.clientId) ?? ''
  const { status, body } = await connection.send(`/users/${target.id}/mfa-reset`, cookie, { reason: 'Bench' })
  if (status !== 303) throw new Error(`a reset was answered ${status}\n${body.slice(0, 2000)}`)
}

async function untilCompleted(
  sql: DatabasePool['sql'],
  targets: readonly Person[],
  everyMs: number,
): Promise<void> {
  const ids = targets.map(({ id }) => id)
  const giveUpAt = performance.now() + PATIENCE_MS
  for (;;) {
    const [open] = await sql`
      select from mfa_resets where user_id = any(${ids}::uuid[]) and status = 'requested' limit 1`
    if (!open) return
    if (performance.now() > giveUpAt) throw new Error('the worker does not complete the resets')
    await pause(everyMs)
  }
}

/** The mails of earlier resets have gone: one that is measured alone has the machine to itself. */
export function untilNothingIsPending(sql: DatabasePool['sql']): Promise<unknown> {
  return eventually(
    'nothing is pending',
    async () => {
      const [pending] = await sql`select from outbox where done_at is null and due_at is null limit 1`
      return !pending
    },
    PATIENCE_MS,
  )
}

/** Those who were reset the last time have an authenticator once more; they need not be able to use it. */
async function enrolAgain(sql: DatabasePool['sql'], targets: readonly Person[]): Promise<void> {
  await sql`
    insert into authenticators (user_id, status, sealed_secret, pending_until, activated_at)
    select id, 'active', '\\x00', now(), now() from unnest(${targets.map(({ id }) => id)}::uuid[]) as t(id)
    on conflict do nothing`
}

function summarise(engine: Engine, rounds: readonly Round[]): EngineFigures {
  const pooled = (which: 'clickMs' | 'refusedMs' | 'completedMs' | 'bareMs') => {
    const times = rounds.flatMap((round) => round[which])
    return { p50: percentile(times, 50), p99: percentile(times, 99) }
  }
  return {
    engine,
    clickMs: pooled('clickMs'),
    refusedMs: pooled('refusedMs'),
    completedMs: pooled('completedMs'),
    bareMs: pooled('bareMs'),
    clicksPerSecond: spreadOf(rounds.map(({ clicksPerSecond }) => clicksPerSecond)),
    completedPerSecond: spreadOf(rounds.map(({ completedPerSecond }) => completedPerSecond)),
  }
}

function resetsText({ loadBefore, rounds, resetsARound, engines }: ResetFigures): string {
  const both = ({ p50, p99 }: { p50: number; p99: number }) => `${ms(p50)} / ${ms(p99)}`
  return `
MFA RESETS by Admins who were present, one web and one worker process. Load average before: ${loadBefore.toFixed(1)}.
${table([
  [
    'queues on',
    'click p50 / p99',
    'old session refused',
    'of it bare',
    'completed',
    'clicks/s',
    'completed/s',
  ],
  ...engines.map(
    ({ engine, clickMs, refusedMs, bareMs, completedMs, clicksPerSecond, completedPerSecond }) => [
      engine,
      both(clickMs),
      both(refusedMs),
      both(bareMs),
      both(completedMs),
      spread(clicksPerSecond),
      spread(completedPerSecond),
    ],
  ),
])}
How to read it: the times are of single resets, one after the other, and all count from the click: until it is answered,
until the page that the user's old session asks for next is refused, and until the job has completed the reset (looked
for every millisecond or two). A vacuum (analyze) goes before them, and ${WARM_UP} that are not counted. We want the refusal
within 15 ms at p99 on an idle machine; 'of it bare' is what the machine takes for as many ways to the database and one
durable commit with next to nothing to do. The rates are of ${resetsARound} resets that ${CLICKS_IN_PARALLEL} Admins click at once, medians of
${rounds} round(s), lowest and highest in brackets; the engines take turns.
`
}
