// Forward authentication: the decision of the gate beside a bare Express, and both behind nginx, in turn.
import { createHash, randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { passes } from '../../src/platform/db/schema/passes.ts'
import { MINUTE } from '../../src/platform/time/durations.ts'
import { anyFreePort } from '../../src/start/free-port.ts'
import { addApplication } from '../support/applications.ts'
import { eventually } from '../support/eventually.ts'
import { skipWithout, startPlainNginx } from '../support/proxy-process.ts'
import { makeRunFolder, removeRunFolder } from '../support/run-folder.ts'
import type { PageLoad, PagesServed } from './page-load.tool.js'
import type { SignInLoad, SignInsDone } from './people.tool.js'
import { cpuSpentOn } from './process-usage.ts'
import { type OnStop, type Product, someUsers, startProduct, withoutAdmins } from './product.ts'
import { ms, percent, spread, table } from './report.ts'
import { loadNow, type Section, type SectionOptions } from './section.ts'
import { type Spread, spreadOf } from './spread.ts'
import { startTool } from './tool.ts'

const PEOPLE = 16
const CONNECTIONS = 16
const THOROUGH = { rounds: 5, warmUpSeconds: 5, seconds: 5 }
const QUICK = { rounds: 2, warmUpSeconds: 2, seconds: 2 }

interface Figures {
  perSecond: Spread
  /** Of a bare Express on its own port, in the same round. */
  share: Spread
  p50Ms: number
  p99Ms: number
  /** Of web, or of the bare Express, for each request; null off Linux. */
  cpuMs: number | null
}

export async function benchForwardAuth(
  { quick }: SectionOptions,
  onStop: OnStop,
  say: (line: string) => void,
): Promise<Section> {
  const loadBefore = loadNow()
  const effort = quick ? QUICK : THOROUGH
  const folder = await makeRunFolder('on-disk')
  onStop(() => removeRunFolder(folder))
  const product = await startProduct(folder, withoutAdmins(someUsers(60)), onStop, { ANSWER_WITHIN: '10s' })
  const { url: bareUrl, pid: barePid } = await startBareExpress(folder, onStop)
  const nginx = skipWithout('nginx') === false ? await anyFreePort() : null
  const host = `127.0.0.1:${nginx ?? 80}`
  const cookies = await givePasses(product, host, onStop)
  if (nginx !== null) {
    const ports = { gate: Number(new URL(product.origin).port), application: Number(new URL(bareUrl).port) }
    const proxy = await startPlainNginx(nginx, host, ports)
    onStop(() => proxy.stop())
  }
  const pageLoad = startTool<PageLoad, PagesServed>('page-load.tool.js')
  onStop(async () => pageLoad.stop())

  const forwarded = { 'x-forwarded-host': host, 'x-forwarded-uri': '/', 'x-forwarded-method': 'GET' }
  const places: Record<string, Pick<PageLoad, 'url' | 'headers'>> = {
    'bare Express': { url: bareUrl },
    'the decision, /auth-request': { url: `${product.origin}/auth-request`, headers: forwarded },
    ...(nginx !== null && {
      'nginx before bare Express': { url: `http://${host}/open/` },
      'nginx with auth_request before bare Express': { url: `http://${host}/` },
    }),
  }
  const load = (place: Pick<PageLoad, 'url' | 'headers'>, seconds: number) =>
    cpuSpentOn({ web: product.pids.web, bare: barePid }, () =>
      pageLoad.ask({ ...place, connections: CONNECTIONS, seconds, cookies }),
    )
  const rounds: Record<string, Awaited<ReturnType<typeof load>>[]> = {}
  for (const place of Object.values(places)) await load(place, effort.warmUpSeconds)
  for (let round = 1; round <= effort.rounds; round += 1) {
    say(`Forward authentication, round ${round} of ${effort.rounds} …`)
    for (const [name, place] of Object.entries(places))
      rounds[name] = [...(rounds[name] ?? []), await load(place, effort.seconds)]
  }
  const bare = (rounds['bare Express'] ?? []).map(({ result }) => result.perSecond)
  const figures = Object.entries(rounds).map(([name, measured]): [string, Figures] => {
    const process = name.includes('auth') ? 'web' : 'bare'
    const cpu = measured.map(({ result, cpu }) => (cpu[process] ?? Number.NaN) / result.served)
    return [
      name,
      {
        perSecond: spreadOf(measured.map(({ result }) => result.perSecond)),
        share: spreadOf(measured.map(({ result }, round) => result.perSecond / (bare[round] ?? Number.NaN))),
        p50Ms: spreadOf(measured.map(({ result }) => result.p50Ms)).median,
        p99Ms: spreadOf(measured.map(({ result }) => result.p99Ms)).median,
        cpuMs: Number.isNaN(cpu[0]) ? null : spreadOf(cpu).median,
      },
    ]
  })
  return {
    figures: { loadBefore, rounds: effort.rounds, ...Object.fromEntries(figures) },
    text: text(figures, loadBefore),
  }
}

/** What an application answers: two letters. */
async function startBareExpress(folder: string, onStop: OnStop): Promise<{ url: string; pid: number }> {
  const file = join(folder, 'answer.html')
  await writeFile(file, 'ok')
  const bare = startTool<{ question: 'where' }, string>('bare-express.tool.js', [file], {
    ...process.env,
    NODE_ENV: 'production',
  })
  onStop(async () => bare.stop())
  return { url: await bare.ask({ question: 'where' }), pid: bare.pid }
}

/** People who signed in, each with a pass for the host. Returns their cookies. */
async function givePasses(
  { origin, usersFile, database }: Product,
  host: string,
  onStop: OnStop,
): Promise<string[]> {
  const people = startTool<SignInLoad, SignInsDone>('people.tool.js', [origin, usersFile])
  onStop(async () => people.stop())
  const { cookies } = await people.ask({ parallel: 2, warmUpMs: 0, measureMs: MINUTE, atMost: PEOPLE })
  const { id: applicationId } = await addApplication(database.db, {
    name: 'Bench',
    way: 'forward-auth',
    host,
    address: `http://${host}/`,
  })
  await eventually('web has made its signing keys', async () => {
    const [{ count } = { count: 0 }] = await database.sql<
      { count: number }[]
    >`select count(*)::int from signing_keys`
    return count > 0
  })
  return Promise.all(
    cookies.map(async (cookie) => {
      const pass = randomBytes(32).toString('base64url')
      const [, sessionId = ''] = /=s%3A([^.]+)\./.exec(cookie) ?? []
      await database.db.insert(passes).values({
        passHash: createHash('sha256').update(pass).digest(),
        sessionId: createHash('sha256').update(sessionId).digest('hex'),
        applicationId,
        createdAt: new Date(),
      })
      return `portcullis=${pass}`
    }),
  )
}

function text(figures: [string, Figures][], loadBefore: number): string {
  return `
FORWARD AUTHENTICATION: ${CONNECTIONS} connections, ${PEOPLE} people with a pass. Load average before: ${loadBefore.toFixed(1)}.
${table([
  ['', 'requests/s', 'share of bare Express', 'p50', 'p99', 'CPU of the gate, or of Express'],
  ...figures.map(([name, { perSecond, share, p50Ms, p99Ms, cpuMs }]) => [
    name,
    spread(perSecond),
    percent(share),
    ms(p50Ms),
    ms(p99Ms),
    cpuMs === null ? '–' : ms(cpuMs),
  ]),
])}
How to read it: client, nginx, web, the application and PostgreSQL share the cores. The floor answers two letters.
`
}
