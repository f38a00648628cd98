// PostgreSQL killed and restarted under load, with the real web and worker processes: nothing acknowledged is
// lost, nothing is done twice, and the product recovers by itself.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import postgres from 'postgres'
import { openDatabase } from '../../src/db/client.ts'
import { migrateDatabase } from '../../src/db/migrate.ts'
import { bulkSeed } from '../../src/demo/bulk-seed.ts'
import { seedDemoData } from '../../src/demo/seed.ts'
import { type Cluster, startEmbeddedPostgres } from '../../src/start/embedded-postgres.ts'
import { anyFreePort } from '../../src/start/free-port.ts'
import { Browser } from '../support/browser.ts'
import { TestClock } from '../support/clock.ts'
import { eventually } from '../support/eventually.ts'
import { startProcess, type TestProcess } from '../support/processes.ts'
import { testFolder } from '../support/run-folder.ts'
import { SmtpServer } from '../support/smtp-server.ts'

const WEB = fileURLToPath(new URL('../../src/web.js', import.meta.url))
// The worker with short times: what a killed database held up is taken over within seconds.
const WORKER = fileURLToPath(new URL('../workers/worker-process.js', import.meta.url))
const USERS = 300
const RESTARTS = 3

let cluster: Cluster
let mailServer: SmtpServer
let origin: string
let emails: string[]
let web: TestProcess
let worker: TestProcess
let sql: postgres.Sql

before(async () => {
  cluster = await startEmbeddedPostgres(await testFolder(), { initdb: ['--no-sync'] })
  mailServer = await new SmtpServer().start()
  const port = await anyFreePort()
  origin = `http://127.0.0.1:${port}`
  const key = Buffer.alloc(32, 9)
  await migrateDatabase(cluster.url)
  const { db, close } = openDatabase(cluster.url, 'test-seed')
  const keys = [{ id: 'k1', key }]
  await seedDemoData(db, { clock: { now: () => new Date() }, keys })
  await bulkSeed(
    db,
    { users: USERS, enrolled: 0, accounts: 3, into: null },
    { keys, onProgress: () => {}, onEnrolled: () => {} },
  )
  await close()
  sql = postgres(cluster.url, { max: 2, onnotice: () => {}, backoff: () => 0.1 })
  const rows = await sql<
    { email: string }[]
  >`select email from users where status = 'active' and password_hash is not null`
  emails = rows.map(({ email }) => email)

  const env = {
    PORT: String(port),
    PUBLIC_URL: origin,
    DATABASE_URL: cluster.url,
    SMTP_URL: mailServer.url,
    MAIL_FROM: 'Portcullis <gate@portcullis.test>',
    SESSION_SECRET: 'a-secret-for-tests-only-which-is-long-enough',
    ENCRYPTION_KEYS: `k1:${key.toString('base64')}`,
    AUDIT_KEYS: `a1:${key.toString('base64')}`,
    ADDRESS_ATTEMPTS: '100000',
    LOG_LEVEL: 'warn',
  }
  const started = [startProcess(WEB, env), startProcess(WORKER, env)] as const
  ;[web, worker] = started
  await Promise.all(started.map(({ ready }) => ready))
})
after(async () => {
  for (const running of [web, worker]) running?.kill('SIGKILL')
  await sql?.end({ timeout: 1 })
  await mailServer?.stop()
  await cluster?.stop('immediate')
})

test('PostgreSQL killed three times under load: no acknowledged change is lost, every mail goes out once', async () => {
  const acknowledged: string[] = []
  const statuses = new Map<number, number>()
  let restarting = true
  const queue = [...emails]

  const visitor = async () => {
    const browser = new Browser(origin, new TestClock())
    while (restarting || queue.length > 0) {
      const email = queue.pop()
      if (email === undefined) return
      const { status } = await browser.post('/forgot-password', { email })
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      if (status === 200) acknowledged.push(email)
      // Refused in an outage: the person tries again, a moment later.
      else queue.unshift(email)
    }
  }
  const visitors = Promise.all(Array.from({ length: 4 }, visitor))
  for (let restart = 1; restart <= RESTARTS; restart += 1) {
    const goal = acknowledged.length + 20
    await eventually('some requests go through', () => acknowledged.length >= Math.min(goal, emails.length))
    await cluster.stop('immediate')
    await cluster.revive()
  }
  restarting = false
  await visitors

  assert.deepEqual([...new Set(acknowledged)].sort(), [...emails].sort())
  assert.ok(
    [...statuses.keys()].every((status) => status === 200 || status === 503),
    String([...statuses]),
  )

  await eventually(
    'everything owed is done',
    async () => {
      const [row] = await sql<
        [{ open: number }]
      >`select count(*)::int as open from outbox where done_at is null and (due_at is null or due_at < now())`
      return row.open === 0
    },
    40_000,
  )
  const [owed] = await sql<[{ users: number; unsent: number }]>`
    select count(distinct recipient_id)::int as users, (count(*) filter (where sent_at is null))::int as unsent
    from notifications where kind = 'password-reset'`
  assert.equal(owed.users, emails.length, 'every acknowledged request is in the database')
  assert.equal(owed.unsent, 0)

  // A mail may go out again only if the database died between sending and recording: then under the same id.
  const ids = mailServer.received.map(({ messageId }) => messageId)
  const [sent] = await sql<
    [{ count: number }]
  >`select count(*)::int as count from notifications where sent_at is not null`
  assert.equal(new Set(ids).size, sent.count, 'one Message-ID for each mail owed')
  assert.ok(ids.length - new Set(ids).size <= RESTARTS * 5, 'and repeats only of what was in flight')
})

test('afterwards both processes are alive, and signing in works', async () => {
  const [email = ''] = emails

  const answer = await new Browser(origin, new TestClock()).signInWithPassword(email)

  assert.equal(answer.status, 303)
  assert.equal((await fetch(`${origin}/readyz`)).status, 200)
  for (const running of [web, worker])
    assert.equal(await Promise.race([running.ended, Promise.resolve('running')]), 'running')
})
