// Applications: how many people enter one by OpenID Connect in a second, beside a bare Express, and how soon after a reset
// an application behind forward authentication refuses and an OpenID Connect application is told.
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { MINUTE, SECOND } from '../../src/platform/time/durations.ts'
import { addApplication } from '../support/applications.ts'
import { eventually } from '../support/eventually.ts'
import { makeRunFolder, removeRunFolder } from '../support/run-folder.ts'
import { Connection } from './connection.ts'
import { type Cast, castOf, click, signIn, untilNothingIsPending } from './measure-resets.ts'
import type { EntriesDone, EntryLoad } from './openid.tool.js'
import type { PageLoad, PagesServed } from './page-load.tool.js'
import type { SignInLoad, SignInsDone } from './people.tool.js'
import { cpuSpentOn } from './process-usage.ts'
import { type OnStop, type Product, startProduct } from './product.ts'
import { ms, percent, spread, table } from './report.ts'
import { loadNow, type Section, type SectionOptions } from './section.ts'
import { percentile, type Spread, spreadOf } from './spread.ts'
import { startTool } from './tool.ts'

const THOROUGH = { rounds: 3, warmUpMs: SECOND, measureMs: 7000, seconds: 3, resets: 60 }
const QUICK = { rounds: 1, warmUpMs: 500, measureMs: 2000, seconds: 1, resets: 15 }
/** So long that a slow machine serves all of them instead of refusing some. */
const SLOW = { ANSWER_WITHIN: '10s' }
const PARALLEL = 8
/** Not measured. */
const WARM_UP = 5
const HOST = 'wiki.example'
const REDIRECT_URI = 'http://127.0.0.1:9/callback'

interface OpenIdFigures {
  loadBefore: number
  rounds: number
  entriesPerSecond: Spread
  barePerSecond: Spread
  /** Entries / bare Express of the same round. */
  share: Spread
  /** Milliseconds of the web process for one entry; null off Linux. */
  webCpuMs: number | null
  entryMs: { p50: number; p99: number }
  /** From the click of the Admin. */
  refusedMs: { p50: number; p99: number }
  toldMs: { p50: number; p99: number }
}

export async function benchOpenId(
  { quick }: SectionOptions,
  onStop: OnStop,
  say: (line: string) => void,
): Promise<Section> {
  const loadBefore = loadNow()
  const effort = quick ? QUICK : THOROUGH
  const folder = await makeRunFolder('on-disk')
  onStop(() => removeRunFolder(folder))
  say('Bringing up PostgreSQL, web and users …')
  const cast: Cast = { admins: [], targets: [] }
  const product = await startProduct(folder, castOf(PARALLEL + WARM_UP + effort.resets, cast), onStop, SLOW)
  const receiver = await receiveLogoutTokens(onStop)
  const { db } = product.database
  const application = await addApplication(db, {
    name: 'Reports',
    redirectUris: [REDIRECT_URI],
    backChannelLogoutUri: receiver.uri,
  })
  const wiki = await addApplication(db, { name: 'Wiki', way: 'forward-auth', host: HOST })
  const people = startTool<SignInLoad, SignInsDone>('people.tool.js', [product.origin, product.usersFile])
  onStop(async () => people.stop())
  const entries = startTool<EntryLoad, EntriesDone>('openid.tool.js', [
    product.origin,
    application.id,
    application.secret,
    REDIRECT_URI,
  ])
  onStop(async () => entries.stop())
  const pageLoad = startTool<PageLoad, PagesServed>('page-load.tool.js')
  onStop(async () => pageLoad.stop())
  await writeFile(join(folder, 'page.html'), 'ok')
  const bare = startTool<{ question: 'where' }, string>('bare-express.tool.js', [join(folder, 'page.html')])
  onStop(async () => bare.stop())
  const bareUrl = await bare.ask({ question: 'where' })

  const adminCookies = await signIn(people, cast.admins.length)
  const admins = new Map(cast.admins.map(({ clientId }, index) => [clientId, adminCookies[index] ?? '']))
  const cookies = await signIn(people, PARALLEL)
  const load = { warmUpMs: effort.warmUpMs, measureMs: effort.measureMs, cookies }
  say('Warming up …')
  await entries.ask(load)
  const rounds = []
  for (let round = 1; round <= effort.rounds; round += 1) {
    say(`Round ${round} of ${effort.rounds}: entries …`)
    const page = { url: bareUrl, connections: PARALLEL, seconds: effort.seconds, cookies: [] }
    const floor = await pageLoad.ask(page)
    const { result, cpu } = await cpuSpentOn({ web: product.pids.web }, () => entries.ask(load))
    rounds.push({ floor, entered: result, cpuMs: cpu.web })
  }

  say('Resets …')
  await product.startWorker()
  const targets = cast.targets.slice(PARALLEL)
  const sessions = await signIn(people, targets.length)
  for (const cookie of sessions)
    await entries.ask({ warmUpMs: 0, measureMs: MINUTE, cookies: [cookie], atMost: 1 })
  const passes = await givePasses(product, wiki.id, sessions)
  const resets = await measureResets(product, { admins, targets, passes, toldAt: receiver.toldAt })

  const wholeMs = rounds.flatMap(({ entered }) => entered.wholeMs)
  const cpu = rounds.map(({ cpuMs, entered }) => (cpuMs == null ? null : cpuMs / entered.completed))
  const figures: OpenIdFigures = {
    loadBefore,
    rounds: effort.rounds,
    entriesPerSecond: spreadOf(rounds.map(({ entered }) => entered.perSecond)),
    barePerSecond: spreadOf(rounds.map(({ floor }) => floor.perSecond)),
    share: spreadOf(rounds.map(({ entered, floor }) => entered.perSecond / floor.perSecond)),
    webCpuMs: cpu.some((each) => each === null) ? null : spreadOf(cpu.map(Number)).median,
    entryMs: { p50: percentile(wholeMs, 50), p99: percentile(wholeMs, 99) },
    ...resets,
  }
  return { figures, text: openIdText(figures) }
}

/** An application that confirms each logout token. Remembers when a user’s came. */
async function receiveLogoutTokens(onStop: OnStop) {
  const toldAt = new Map<string, number>()
  const server = createServer(async (req, res) => {
    let body = ''
    for await (const chunk of req) body += String(chunk)
    const [, payload = ''] = (new URLSearchParams(body).get('logout_token') ?? '').split('.')
    toldAt.set(JSON.parse(Buffer.from(payload, 'base64url').toString()).sub, performance.now())
    res.writeHead(200, { 'Cache-Control': 'no-store' }).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onStop(async () => {
    server.closeAllConnections()
    server.close()
  })
  return { uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, toldAt }
}

/** A pass for each session, as its hand-over would leave it. */
async function givePasses(
  { database: { sql } }: Product,
  applicationId: string,
  sessions: readonly string[],
) {
  const passes: string[] = []
  for (const cookie of sessions) {
    const [, sid = ''] = /s%3A([^.]+)\./.exec(cookie) ?? []
    const pass = randomBytes(32).toString('base64url')
    const hash = createHash('sha256').update(pass).digest()
    const session = createHash('sha256').update(decodeURIComponent(sid)).digest('hex')
    await sql`insert into passes (pass_hash, session_id, application_id, created_at)
      values (${hash}, ${session}, ${applicationId}, now())`
    passes.push(pass)
  }
  return passes
}

async function measureResets(
  { origin, database: { sql } }: Product,
  given: {
    admins: ReadonlyMap<string, string>
    targets: Cast['targets']
    passes: readonly string[]
    toldAt: ReadonlyMap<string, number>
  },
): Promise<Pick<OpenIdFigures, 'refusedMs' | 'toldMs'>> {
  const refused: number[] = []
  const told: number[] = []
  const [admin, proxy] = [await Connection.open(origin), await Connection.open(origin)]
  const headers = { 'X-Forwarded-Host': HOST, 'X-Forwarded-Uri': '/', 'X-Forwarded-Method': 'GET' }
  const ask = (pass: string) => proxy.send('/auth-request', `portcullis=${pass}`, undefined, headers)
  for (const [index, target] of given.targets.entries()) {
    const pass = given.passes[index] ?? ''
    const before = await ask(pass)
    if (before.status !== 200) throw new Error(`a pass was answered ${before.status}\n${before.body}`)
    const began = performance.now()
    await click(admin, given.admins, target)
    const after = await ask(pass)
    refused.push(performance.now() - began)
    if (after.status !== 401) throw new Error(`after the reset a pass was answered ${after.status}`)
    await eventually('the application is told', () => given.toldAt.get(target.id))
    told.push((given.toldAt.get(target.id) ?? 0) - began)
    await untilNothingIsPending(sql)
    await pause(150)
  }
  admin.close()
  proxy.close()
  const spreadAfterWarmUp = (all: number[]) => {
    const kept = all.slice(WARM_UP)
    return { p50: percentile(kept, 50), p99: percentile(kept, 99) }
  }
  return { refusedMs: spreadAfterWarmUp(refused), toldMs: spreadAfterWarmUp(told) }
}

function openIdText(figures: OpenIdFigures): string {
  const { entriesPerSecond, barePerSecond, share, webCpuMs, entryMs, refusedMs, toldMs } = figures
  const range = ({ p50, p99 }: { p50: number; p99: number }) => `${ms(p50)} / ${ms(p99)}`
  const head = `Applications, ${PARALLEL} people at a time. Load before: ${figures.loadBefore.toFixed(1)}; rounds: ${figures.rounds}`
  const rows = [
    ['authorization + token + userinfo, a second', spread(entriesPerSecond)],
    ['bare Express, a second', spread(barePerSecond)],
    ['share of bare Express', percent(share)],
    ['web CPU of one entry', webCpuMs === null ? 'unknown' : ms(webCpuMs)],
    ['one entry, p50 / p99', range(entryMs)],
    ['reset to refused by forward authentication, p50 / p99', range(refusedMs)],
    ['reset to application told by back channel, p50 / p99', range(toldMs)],
  ]
  return `${head}\n${table(rows)}\n`
}
