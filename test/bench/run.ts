// npm run bench [-- SECTION …] [--quick] [--json FILE]: how fast and how big the product is on this machine, each figure beside
// its floor, measured in turn in the same run. It asserts nothing: machines differ, and so do their noises. Sections
// are sign-ins, users, resets, openid, audit, enumeration and forward-auth; without any, all are measured.
import { writeFile } from 'node:fs/promises'
import { availableParallelism, loadavg } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { PERIOD_SECONDS } from '../../src/mfa/totp.ts'
import { SECOND } from '../../src/platform/time/durations.ts'
import { makeRunFolder, removeRunFolder } from '../support/run-folder.ts'
import { Connection } from './connection.ts'
import type { HashingDone, HashingLoad } from './hashing.tool.js'
import { benchAudit } from './measure-audit.ts'
import { measureDashboard, summariseDashboard } from './measure-dashboard.ts'
import { benchEnumeration } from './measure-enumeration.ts'
import { benchForwardAuth } from './measure-forward-auth.ts'
import { measureMails } from './measure-mails.ts'
import { benchOpenId } from './measure-openid.ts'
import { benchResets } from './measure-resets.ts'
import { measureSignIns, summariseSignIns } from './measure-sign-ins.ts'
import { measureStatements } from './measure-statements.ts'
import { benchUsersPage } from './measure-users-page.ts'
import type { PageLoad, PagesServed } from './page-load.tool.js'
import type { SignInLoad, SignInsDone } from './people.tool.js'
import { memoryDuring, memoryNow } from './process-usage.ts'
import { HASHING_ENV, type Product, someUsers, startProduct, withoutAdmins } from './product.ts'
import { type Report, reportText } from './report.ts'
import type { Section } from './section.ts'
import { startTool, type Tool } from './tool.ts'

const SIGN_INS_IN_PARALLEL = [1, 8, 32]
const DASHBOARD_CONNECTIONS = [1, 16, 64]
const THOROUGH = {
  rounds: 3,
  /** Of sign-ins before anything is measured: V8 compiles what is used again and again only after a while. */
  coldMs: 15_000,
  floorMs: 2000,
  warmUpMs: 1000,
  measureMs: 7000,
  pageSeconds: 3,
  mails: 500,
}
const QUICK = {
  rounds: 1,
  coldMs: 500,
  floorMs: 500,
  warmUpMs: 500,
  measureMs: 1500,
  pageSeconds: 1,
  mails: 50,
}
type Effort = typeof THOROUGH

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, json: { type: 'string' } },
})
const stops: (() => Promise<unknown>)[] = []
const onStop = (stop: () => Promise<unknown>) => stops.unshift(stop)
const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    interrupted.abort()
    void stopAll()
  })

const SECTIONS: Record<string, () => Promise<Section>> = {
  'sign-ins': async () => {
    const figures = await bench(options.quick ? QUICK : THOROUGH)
    return { figures, text: reportText(figures) }
  },
  users: () => benchUsersPage(options, onStop, say),
  resets: () => benchResets(options, onStop, say),
  openid: () => benchOpenId(options, onStop, say),
  audit: () => benchAudit(options, onStop),
  enumeration: () => benchEnumeration(options, onStop, say),
  'forward-auth': () => benchForwardAuth(options, onStop, say),
}

try {
  const figures: Record<string, object> = {}
  for (const name of chosenSections()) {
    const section = await SECTIONS[name]?.()
    await stopAll()
    process.stdout.write(section?.text ?? '')
    Object.assign(figures, name === 'sign-ins' ? section?.figures : { [name]: section?.figures })
  }
  if (options.json) await writeFile(options.json, `${JSON.stringify(figures, null, 2)}\n`)
} catch (error) {
  // An interrupt stops everything during the measurement. Its errors are not shown.
  if (!interrupted.signal.aborted) throw error
  process.exitCode = 130
} finally {
  await stopAll()
}

function chosenSections(): string[] {
  const names = Object.keys(SECTIONS)
  const unknown = positionals.filter((name) => !names.includes(name))
  if (unknown.length > 0) throw new Error(`There is no section ${unknown.join(', ')}: ${names.join(', ')}.`)
  return positionals.length === 0 ? names : positionals
}

/** What was started last goes first. */
async function stopAll(): Promise<void> {
  for (let stop = stops.shift(); stop; stop = stops.shift()) await stop()
}

async function bench(effort: Effort): Promise<Report> {
  const [loadBefore = 0] = loadavg()
  const folder = await makeRunFolder('on-disk')
  onStop(() => removeRunFolder(folder))

  say('Bringing up PostgreSQL, web and users …')
  const hashing = tool<HashingLoad, HashingDone>('hashing.tool.js', [], { ...process.env, ...HASHING_ENV })
  const users = withoutAdmins(someUsers(await usersNeeded(hashing)))
  // So long that a slow machine serves 32 at a time instead of refusing some.
  const product = await startProduct(folder, users, onStop, { ANSWER_WITHIN: '10s' })
  const people = tool<SignInLoad, SignInsDone>('people.tool.js', [product.origin, product.usersFile])
  const pageLoad = tool<PageLoad, PagesServed>('page-load.tool.js')
  await pause(2 * SECOND)
  const webAtRest = await memoryNow({ web: product.pids.web })

  const { signIn, pageView, cookies } = await measureStatements(product, people, pageLoad)
  const pids = { ...product.pids, worker: (await product.startWorker()).pid }
  const watched = { web: pids.web, worker: pids.worker }
  await pause(2 * SECOND)
  const memory: Report['memoryMb'] = {
    atRest: { ...(await memoryNow(watched)), ...webAtRest },
    signIns: {},
    pageViews: {},
    mails: {},
    after: {},
  }

  const page = await fetchPage(product, cookies)
  await writeFile(join(folder, 'page.html'), page)
  const bareExpress = tool<{ question: 'where' }, string>(
    'bare-express.tool.js',
    [join(folder, 'page.html')],
    {
      ...process.env,
      NODE_ENV: 'production',
      ...HASHING_ENV,
    },
  )
  const places = {
    bareUrl: await bareExpress.ask({ question: 'where' }),
    pageUrl: `${product.origin}/`,
    cookies,
  }
  say('Warming up …')
  await measureDashboard(16, pageLoad, places, effort.pageSeconds)
  await people.ask({ parallel: Math.max(...SIGN_INS_IN_PARALLEL), warmUpMs: 0, measureMs: effort.coldMs })

  const signIns = SIGN_INS_IN_PARALLEL.map(() => [] as Awaited<ReturnType<typeof measureSignIns>>[])
  const dashboards = DASHBOARD_CONNECTIONS.map(() => [] as Awaited<ReturnType<typeof measureDashboard>>[])
  for (let round = 1; round <= effort.rounds; round += 1) {
    say(`Round ${round} of ${effort.rounds}: sign-ins …`)
    const whileSigningIn = await memoryDuring(watched, async () => {
      for (const [index, parallel] of SIGN_INS_IN_PARALLEL.entries())
        signIns[index]?.push(await measureSignIns(parallel, { people, hashing }, pids, effort))
    })
    memory.signIns = most(memory.signIns, whileSigningIn)

    say(`Round ${round} of ${effort.rounds}: dashboard …`)
    places.cookies = signIns.at(-1)?.at(-1)?.signIns.cookies ?? cookies
    const whileViewing = await memoryDuring(watched, async () => {
      for (const [index, connections] of DASHBOARD_CONNECTIONS.entries())
        dashboards[index]?.push(await measureDashboard(connections, pageLoad, places, effort.pageSeconds))
    })
    memory.pageViews = most(memory.pageViews, whileViewing)
  }

  say('Mails …')
  let mails = { count: 0, perSecond: 0 }
  memory.mails = await memoryDuring(watched, async () => {
    mails = await measureMails(product.database.db, effort.mails)
  })
  await pause(5 * SECOND)
  memory.after = await memoryNow(watched)

  const { sql } = product.database
  const [database] = await sql<{ version: string; fsync: string; synchronousCommit: string }[]>`
    select current_setting('server_version') as version, current_setting('fsync') as fsync,
      current_setting('synchronous_commit') as "synchronousCommit"`
  if (!database) throw new Error('PostgreSQL does not know its settings')
  return {
    machine: { cores: availableParallelism(), node: process.version, database, loadBefore, ...effort },
    signIns: SIGN_INS_IN_PARALLEL.map((parallel, index) => summariseSignIns(parallel, signIns[index] ?? [])),
    dashboard: DASHBOARD_CONNECTIONS.map((connections, index) =>
      summariseDashboard(connections, dashboards[index] ?? []),
    ),
    pageBytes: Buffer.byteLength(page),
    statements: { signIn, pageView },
    mails,
    memoryMb: memory,
  }
}

function tool<Question extends object, Answer>(
  ...start: Parameters<typeof startTool>
): Tool<Question, Answer> {
  const started = startTool<Question, Answer>(...start)
  onStop(async () => started.stop())
  return started
}

/** So many that no user signs in twice within the life of a code: as many as can be hashed, and half as many more. */
async function usersNeeded(hashing: Tool<HashingLoad, HashingDone>): Promise<number> {
  const { perSecond } = await hashing.ask({ parallel: availableParallelism(), measureMs: SECOND })
  return Math.ceil(perSecond * PERIOD_SECONDS * 1.5)
}

async function fetchPage({ origin }: Product, [cookie = '']: readonly string[]): Promise<string> {
  const connection = await Connection.open(origin)
  const { status, body } = await connection.send('/', cookie)
  connection.close()
  if (status !== 200) throw new Error(`the dashboard was answered ${status}`)
  return body
}

function most(before: Record<string, number>, now: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(now).map(([name, figure]) => [name, Math.max(figure, before[name] ?? 0)]),
  )
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
