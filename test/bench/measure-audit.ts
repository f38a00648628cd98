// npm run bench -- audit [--quick]: an account with a million events. How fast its pages are whatever the filter, how
// fast it is exported and what that costs web in memory, how fast it is sealed and verified.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { readAuditKeys } from '../../src/config.ts'
import type { EnrolledUser } from '../../src/demo/bulk-seed.ts'
import { sealEvents } from '../../src/platform/audit/seal-events.ts'
import { SECOND } from '../../src/platform/time/durations.ts'
import { AUDIT_KEYS } from '../support/cluster.ts'
import { base32Decode, totp } from '../support/rfc6238.ts'
import { makeRunFolder, removeRunFolder } from '../support/run-folder.ts'
import { Connection } from './connection.ts'
import { memoryDuring, memoryNow, residentMb } from './process-usage.ts'
import { type OnStop, type Product, someUsers, startProduct } from './product.ts'
import type { Section, SectionOptions } from './section.ts'

const USERS = 200
const PAGES_EACH = 20
const VERIFY = fileURLToPath(new URL('../../src/commands/audit-verify.js', import.meta.url))

interface Download {
  what: string
  rows: number
  megabytes: number
  seconds: number
  /** What web held at most, less what it held before. */
  moreMb: number
}

/** Measures, and returns what to print. `events`: how many the account has. */
export async function benchAudit({ quick }: SectionOptions, onStop: OnStop): Promise<Section> {
  const events = quick ? 100_000 : 1_000_000
  const folder = await makeRunFolder('on-disk')
  onStop(() => removeRunFolder(folder))
  const product = await startProduct(folder, someUsers(USERS), onStop)
  const [admin] = JSON.parse(await readFile(product.usersFile, 'utf8')) as EnrolledUser[]
  if (!admin) throw new Error('no Admin is enrolled')
  say(`Putting ${events} events on record …`)
  await putOnRecord(product, admin.id, events)
  const cookie = await signIn(product.origin, admin)

  say('Pages …')
  const pages = []
  for (const query of await filtersOf(product, admin)) pages.push(await measurePage(product, cookie, query))

  say('Exports …')
  const downloads: Download[] = []
  for (const [what, path] of [
    ['CSV, a tenth', `/audit.csv?${await aTenth(product)}`],
    ['CSV, all', '/audit.csv'],
    ['NDJSON, all', '/audit.ndjson'],
  ] as const)
    downloads.push(await measureDownload(product, cookie, what, path))

  say('Sealing …')
  const began = performance.now()
  const sealed = await sealEvents(product.database.db, {
    keys: readAuditKeys(AUDIT_KEYS),
    now: new Date(),
    atMost: Number.POSITIVE_INFINITY,
  })
  const sealSeconds = (performance.now() - began) / SECOND
  say('Verifying …')
  const verified = await measureVerifying(product)

  const eventsPerSecond = { sealing: sealed / sealSeconds, verifying: sealed / verified.seconds }
  return {
    figures: { events, pages, downloads, eventsPerSecond, verifierMb: verified.mb },
    text: `
THE AUDIT LOG of an account with ${events} events, client, web and database on the same cores

${['page of 50 events', 'p50', 'slowest'].join('   ')}
${pages.map(({ query, p50Ms, maxMs }) => `  ${(query || 'no filter').padEnd(64)} ${p50Ms.toFixed(0).padStart(5)} ms ${maxMs.toFixed(0).padStart(5)} ms`).join('\n')}

export
${downloads.map(({ what, rows, megabytes, seconds, moreMb }) => `  ${what.padEnd(26)} ${String(rows).padStart(8)} rows  ${(rows / seconds).toFixed(0).padStart(7)} rows/s  ${(megabytes / seconds).toFixed(1).padStart(6)} MB/s  web + ${moreMb.toFixed(0)} MB`).join('\n')}
How to read it: 'web +' is the most it held while exporting, less what it held before. Flat: ten times the rows take no more.

sealing    ${eventsPerSecond.sealing.toFixed(0)} events/s
verifying  ${eventsPerSecond.verifying.toFixed(0)} events/s, ${verified.mb.toFixed(0)} MB at most (${verified.said})
`,
  }
}

/** Events of all users of the account over the last half year, a third of them failures. */
async function putOnRecord({ database: { sql } }: Product, adminId: string, events: number): Promise<void> {
  const batch = 50_000
  for (let done = 0; done < events; done += batch)
    await sql`
      insert into audit_events (at, client_id, actor_id, subject_id, action, outcome, address, user_agent, request_id, details)
      select now() - interval '180 days' * (n::float8 / ${events}), a.client_id,
        case when n % 3 = 0 then null else u.id end, u.id,
        (array['sign-in.password', 'sign-in.code', 'sign-in.completed', 'sign-out', 'presence'])[1 + n % 5],
        (case when n % 3 = 0 then 'failure' when n % 1000 = 1 then 'refused' else 'success' end)::audit_outcome,
        '192.0.2.' || n % 250, 'Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0',
        gen_random_uuid()::text, jsonb_build_object('kind', 'password', 'attempt', n)
      from generate_series(${done}::int, ${Math.min(done + batch, events) - 1}::int) n
      cross join (select client_id from users where id = ${adminId}) a
      join lateral (
        select id from (select id, row_number() over (order by id) as number, count(*) over () as of
          from users where client_id = a.client_id) them where number = 1 + n % of
      ) u on true`
  await sql`vacuum analyze audit_events`
}

async function signIn(origin: string, { email, password, secret }: EnrolledUser): Promise<string> {
  const connection = await Connection.open(origin)
  const halfway = await connection.send('/sign-in', null, { email, password })
  const code = totp(base32Decode(secret), new Date())
  const { location, cookie } = await connection.send('/mfa/verify', halfway.cookie, { code })
  connection.close()
  if (location !== '/' || !cookie) throw new Error('the Admin cannot sign in')
  return cookie
}

async function filtersOf({ database: { sql } }: Product, { email }: EnrolledUser): Promise<string[]> {
  const [{ day }] = await sql<[{ day: string }]>`select (now() - interval '90 days')::date::text as day`
  const actor = encodeURIComponent(email)
  return [
    '',
    'action=sign-out',
    'action=mfa-reset.requested',
    'outcome=refused',
    'outcome=success',
    'action=sign-in.code&outcome=refused',
    `actor=${actor}`,
    `q=${actor}`,
    `q=${actor}&action=presence&outcome=refused`,
    `q=${actor}&action=mfa-reset.requested`,
    'q=example',
    'q=example&action=sign-out',
    'q=nobody-at-all',
    `from=${day}&to=${day}`,
    `to=${day}`,
    `to=${day}&outcome=failure&actor=${actor}`,
  ]
}

async function measurePage({ origin }: Product, cookie: string, query: string) {
  const connection = await Connection.open(origin)
  const times: number[] = []
  for (let time = 0; time < PAGES_EACH; time += 1) {
    const began = performance.now()
    const { status } = await connection.send(`/audit?${query}`, cookie)
    times.push(performance.now() - began)
    if (status !== 200) throw new Error(`/audit?${query} was answered ${status}`)
  }
  connection.close()
  times.sort((a, b) => a - b)
  return { query, p50Ms: times[PAGES_EACH / 2] ?? Number.NaN, maxMs: times.at(-1) ?? Number.NaN }
}

async function aTenth({ database: { sql } }: Product): Promise<string> {
  const [{ day }] = await sql<[{ day: string }]>`select (now() - interval '18 days')::date::text as day`
  return `from=${day}`
}

async function measureDownload({ origin, pids }: Product, cookie: string, what: string, path: string) {
  await pause(2 * SECOND)
  const { web: before = 0 } = await memoryNow({ web: pids.web })
  let rows = 0
  let bytes = 0
  const began = performance.now()
  const { web: most = 0 } = await memoryDuring({ web: pids.web }, async () => {
    const [response] = (await once(get(`${origin}${path}`, { headers: { cookie } }), 'response')) as [
      IncomingMessage,
    ]
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length
      for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) rows += 1
    }
    if (response.statusCode !== 200 || !response.complete) throw new Error(`${path} did not come to its end`)
  })
  return {
    what,
    rows,
    megabytes: bytes / 1e6,
    seconds: (performance.now() - began) / SECOND,
    moreMb: most - before,
  }
}

async function measureVerifying({ databaseUrl }: Product) {
  const child = spawn(process.execPath, [VERIFY], {
    env: { ...process.env, DATABASE_URL: databaseUrl, AUDIT_KEYS },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const { pid = 0 } = child
  const said = text(child.stdout)
  let mb = 0
  const looking = setInterval(() => {
    // Once it has ended there is nothing to see.
    residentMb(pid).then(
      (now) => {
        mb = Math.max(mb, now || 0)
      },
      () => {},
    )
  }, 250)
  const began = performance.now()
  await once(child, 'exit')
  clearInterval(looking)
  return { seconds: (performance.now() - began) / SECOND, mb, said: (await said).split('\n')[0] ?? '' }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
