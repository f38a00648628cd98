// The processes of production, started while PostgreSQL is absent.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { readEncryptionKeys } from '../../src/config.ts'
import { DEMO_PASSWORD } from '../../src/demo/demo-cast.ts'
import { seedDemoData } from '../../src/demo/seed.ts'
import { openDatabase } from '../../src/platform/db/client.ts'
import { migrateDatabase } from '../../src/platform/db/migrate.ts'
import { type Cluster, startEmbeddedPostgres } from '../../src/start/embedded-postgres.ts'
import { anyFreePort } from '../../src/start/free-port.ts'
import { Browser } from '../support/browser.ts'
import { TestClock } from '../support/clock.ts'
import { AUDIT_KEYS, ENCRYPTION_KEYS } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { builtModule, startProcess, type TestProcess } from '../support/processes.ts'
import { testFolder } from '../support/run-folder.ts'
import { SmtpServer } from '../support/smtp-server.ts'

const WEB = builtModule('src/web.js')
const WORKER = builtModule('workers/main.js')

let cluster: Cluster
let mailServer: SmtpServer
let origin: string
const running: TestProcess[] = []
before(async () => {
  cluster = await startEmbeddedPostgres(await testFolder(), { initdb: ['--no-sync'] })
  await migrateDatabase(cluster.url)
  const { db, close } = openDatabase(cluster.url, 'test-seed')
  await seedDemoData(db, { clock: new TestClock(), keys: readEncryptionKeys(ENCRYPTION_KEYS) })
  await close()
  await cluster.stop()
  mailServer = await new SmtpServer().start()
})
after(async () => {
  for (const { kill } of running) kill('SIGKILL')
  await mailServer?.stop()
  await cluster?.stop('immediate')
})

test('web and worker started without PostgreSQL wait, say so once, and work once it is there', async () => {
  const port = await anyFreePort()
  origin = `http://127.0.0.1:${port}`
  const env = {
    PORT: String(port),
    PUBLIC_URL: origin,
    DATABASE_URL: cluster.url,
    SMTP_URL: mailServer.url,
    MAIL_FROM: 'Portcullis <gate@portcullis.test>',
    SESSION_SECRET: 'a-secret-for-tests-only-which-is-long-enough',
    ENCRYPTION_KEYS,
    AUDIT_KEYS,
    ANSWER_WITHIN: '30s',
    LOG_LEVEL: 'info',
  }
  const web = startProcess(WEB, env)
  const worker = startProcess(WORKER, env)
  running.push(web, worker)
  worker.ready.catch(() => {})
  await web.ready

  const visitor = new Browser(origin, new TestClock())
  for (const page of ['/', '/sign-in', '/users']) {
    const { status, headers } = await visitor.get(page)
    assert.equal(status, 503, page)
    assert.ok(Number(headers.get('retry-after')) > 0, page)
  }
  assert.equal((await visitor.get('/readyz')).status, 503)
  assert.equal((await visitor.get('/healthz')).status, 200)
  await eventually('the worker says so', () => worker.output().includes('The worker cannot start'))
  await eventually('web says so', () => web.output().includes('Cannot read the time of the database'))

  await cluster.revive()
  await worker.ready
  await eventually('web is ready', async () => (await visitor.get('/readyz')).status === 200)

  const person = new Browser(origin, new TestClock())
  assert.equal((await person.signInWithPassword('finance@harbour.example', DEMO_PASSWORD)).location, '/')
  await visitor.post('/forgot-password', { email: 'tech@harbour.example' })
  await eventually('the mail of a later request is sent', () =>
    mailServer.received.some(({ to }) => to === 'tech@harbour.example'),
  )
  assert.equal(web.output().split('Cannot read the time of the database').length, 2)
  assert.equal(worker.output().split('The worker cannot start').length, 2)
})
