// npm run bench [-- --quick]: what the product does on this machine, each figure beside its floor in the same run.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SECOND } from '../../src/durations.ts'
import type { HashingDone, HashingLoad } from './hashing.tool.ts'
import { measureDashboard, summariseDashboard } from './measure-dashboard.ts'
import { measureMails } from './measure-mails.ts'
import { measureSignIns, summariseSignIns } from './measure-sign-ins.ts'
import { measureStatements } from './measure-statements.ts'
import type { PageLoad, PagesServed } from './page-load.tool.ts'
import type { SignInLoad, SignInsDone } from './people.tool.ts'
import { memoryDuring, memoryNow } from './process-usage.ts'
import { HASHING_ENV, startProduct } from './product.ts'
import { report } from './report.ts'
import { startTool } from './tool.ts'

const quick = process.argv.includes('--quick')
const ROUNDS = quick ? 1 : 3
const SECONDS = quick ? 2 : 5
const USERS = quick ? 3_000 : 8_000
const SIGN_IN_PARALLEL = [1, 8, 32]
const PAGE_CONNECTIONS = [1, 16, 64]

const stops: (() => unknown)[] = []
const say = (line: string) => process.stderr.write(`${line}\n`)
const folder = await mkdtemp(join(tmpdir(), 'portcullis-bench-'))
try {
  say(`Bringing up PostgreSQL, ${USERS} enrolled users and the web process …`)
  const product = await startProduct(folder, USERS, (stop) => stops.push(stop))
  const people = startTool<SignInLoad, SignInsDone>('people.tool.ts', [product.origin, product.usersFile])
  const hashing = startTool<HashingLoad, HashingDone>('hashing.tool.ts', [], {
    ...process.env,
    ...HASHING_ENV,
  })
  const pageLoad = startTool<PageLoad, PagesServed>('page-load.tool.ts')
  for (const tool of [people, hashing, pageLoad]) stops.push(tool.stop)

  say('Counting statements …')
  const { signIn, pageView, cookies } = await measureStatements(product, people, pageLoad)
  const worker = await product.startWorker()
  const pids = { ...product.pids, worker }
  const atRest = await memoryNow(pids)

  const page = await fetch(product.origin, { headers: { cookie: cookies[0] ?? '' } })
  const pageFile = join(folder, 'page.html')
  await writeFile(pageFile, await page.text())
  const bare = startTool<{ question: 'where' }, string>('bare-express.tool.ts', [pageFile])
  stops.push(bare.stop)
  const places = { bareUrl: await bare.ask({ question: 'where' }), pageUrl: `${product.origin}/`, cookies }

  const times = { floorMs: 3 * SECOND, warmUpMs: SECOND, measureMs: SECONDS * SECOND }
  const signIns = await inRounds(SIGN_IN_PARALLEL, (parallel) => {
    say(`Signing in, ${parallel} at a time …`)
    return measureSignIns(parallel, { people, hashing }, pids, times)
  })
  say('Warming the page …')
  await pageLoad.ask({ url: places.pageUrl, connections: 16, seconds: 2 * SECONDS, cookies })
  const dashboards = await inRounds(PAGE_CONNECTIONS, (connections) => {
    say(`The dashboard, over ${connections} connections …`)
    return measureDashboard(connections, pageLoad, places, SECONDS)
  })
  say('Memory under load …')
  const underLoad = await memoryDuring(pids, () =>
    people.ask({ parallel: 32, warmUpMs: 0, measureMs: SECONDS * SECOND }),
  )
  say('Mails …')
  const mails = await measureMails(product.database.db, quick ? 200 : 1_000)

  process.stdout.write(
    report({
      signIns: signIns.map(({ at, rounds }) => summariseSignIns(at, rounds)),
      dashboards: dashboards.map(({ at, rounds }) => summariseDashboard(at, rounds)),
      statements: { signIn, pageView },
      memory: { atRest, underLoad, afterwards: await memoryNow(pids) },
      mails,
      rounds: ROUNDS,
    }),
  )
} finally {
  for (const stop of stops.reverse()) await stop()
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
}

/** Measures at each load in turn, and all that several times over: a noisy moment then hits one figure of several. */
async function inRounds<Round>(loads: readonly number[], measure: (at: number) => Promise<Round>) {
  const results = loads.map((at) => ({ at, rounds: [] as Round[] }))
  for (let round = 0; round < ROUNDS; round += 1)
    for (const result of results) result.rounds.push(await measure(result.at))
  return results
}
