// A back-up of the running database, restored into an empty place, with the keys from elsewhere.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import postgres from 'postgres'
import { readAuditKeys } from '../../../src/config.ts'
import { sealEvents } from '../../../src/platform/audit/seal-events.ts'
import { headText, readHead } from '../../../src/platform/audit/seals.queries.ts'
import { openDatabase } from '../../../src/platform/db/client.ts'
import { type Cluster, startEmbeddedPostgres } from '../../../src/start/embedded-postgres.ts'
import { anyFreePort } from '../../../src/start/free-port.ts'
import { type Surroundings, SWIFT_WORKER, startSurroundings, WEB } from '../../faults/product.ts'
import { Browser } from '../../support/browser.ts'
import { eventually } from '../../support/eventually.ts'
import { builtModule, startProcess, type TestProcess } from '../../support/processes.ts'
import { testFolder } from '../../support/run-folder.ts'

const run = promisify(execFile)
const TECH = 'tech@harbour.example'
const REAL_CLOCK = { now: () => new Date(), advance: () => {} }

let lost: Surroundings
let restored: Cluster
let sql: postgres.Sql
let origin = ''
let tech: Browser
let headBefore = ''
const running: TestProcess[] = []
before(async () => {
  lost = await startSurroundings(async () => {})
  await start(lost.env)
  tech = new Browser(origin, REAL_CLOCK)
  await tech.signInWithPassword(TECH)
  await tech.scanKey()
  // A step before now and now are used up, so that the next code need not be waited for.
  await tech.post('/mfa/enrol', { code: tech.code(-1) })
  assert.equal((await tech.verify(tech.code())).location, '/')
  await eventually('the mail of the enrolment is sent', () => lost.mailServer.received.length > 0)
  headBefore = await sealNow()
  // A mail that waits while the back-up is made.
  await lost.mailServer.stop()
  await new Browser(origin, REAL_CLOCK).post('/forgot-password', { email: TECH })

  const backUp = await backUpOnline()
  for (const { kill } of running.splice(0)) kill('SIGKILL')
  await lost.cluster.stop('immediate')
  await rm(join(lost.dataDir, 'postgres'), { recursive: true })
  restored = await startEmbeddedPostgres(backUp)
  sql = postgres(restored.url, { max: 1 })
  await lost.mailServer.start()
})
after(async () => {
  for (const { kill } of running) kill('SIGKILL')
  await sql?.end()
  await restored?.stop('immediate')
  await lost?.sql.end({ timeout: 1 })
  await lost?.mailServer.stop()
})

test('after a restore web does not start with other keys', async () => {
  const otherKeys = `k1:${Buffer.alloc(32, 1).toString('base64')}`
  const port = await anyFreePort()
  const env = { PORT: String(port), PUBLIC_URL: `http://127.0.0.1:${port}`, DATABASE_URL: restored.url }
  const web = startProcess(WEB, { ...lost.env, ...env, ENCRYPTION_KEYS: otherKeys })
  running.push(web)

  await assert.rejects(web.ready)
  assert.match(web.output(), /ENCRYPTION_KEYS/)
})

test('after a restore with its keys an old authenticator signs in, what waited is mailed, and nothing is mailed twice', async () => {
  await start({ ...lost.env, DATABASE_URL: restored.url })

  const browser = await halfway()
  assert.equal((await browser.verify(browser.code(1))).location, '/')
  const isDone = () => sql`select from outbox where done_at is null and (due_at is null or due_at < now())`
  await eventually('all work is done', async () => (await isDone()).length === 0)
  const mailed = lost.mailServer.received.map(({ messageId }) => messageId)
  const [waited] = await sql<[{ id: string }]>`select id from notifications where kind = 'password-reset'`
  assert.ok(mailed.some((messageId) => messageId.includes(waited.id)))
  assert.equal(new Set(mailed).size, mailed.length)
})

test('after a restore the audit chain verifies up to the head that was kept before the loss', async () => {
  const verify = (...args: string[]) =>
    run(process.execPath, [builtModule('src/commands/audit-verify.js'), ...args], {
      env: { ...lost.env, DATABASE_URL: restored.url },
    })

  assert.match((await verify('--expect', headBefore)).stdout, /1 pin was compared/)
  const other = headBefore.replace(/:./, (start) => (start === ':0' ? ':1' : ':0'))
  await assert.rejects(verify('--expect', other), ({ stdout }) => stdout.startsWith('BROKEN'))
})

/** Starts a web and a worker process. */
async function start(env: Record<string, string>): Promise<void> {
  const port = await anyFreePort()
  origin = `http://127.0.0.1:${port}`
  const started = [WEB, SWIFT_WORKER].map((module) =>
    startProcess(module, { ...env, PORT: String(port), PUBLIC_URL: origin, ANSWER_WITHIN: '30s' }),
  )
  running.push(...started)
  await Promise.all(started.map(({ ready }) => ready))
}

/** The user with the authenticator of before, after the password. */
async function halfway(): Promise<Browser> {
  const browser = Object.assign(new Browser(origin, REAL_CLOCK), { secret: tech.secret })
  assert.equal((await browser.signInWithPassword(TECH)).location, '/mfa/verify')
  return browser
}

/** Seals the audit log as the worker does each minute. Returns its head. */
async function sealNow(): Promise<string> {
  const { db, close } = openDatabase(lost.cluster.url, 'test-seal', 1)
  const keys = readAuditKeys(lost.env.AUDIT_KEYS ?? '')
  await sealEvents(db, { keys, now: new Date(), atMost: 10_000 })
  const head = await readHead(db)
  await close()
  assert.ok(head)
  return headText(head)
}

/** What pg_basebackup does, which the binaries of npm lack. Returns the folder for a new cluster. */
async function backUpOnline(): Promise<string> {
  const folder = await testFolder()
  const connection = await lost.sql.reserve()
  await connection`select pg_backup_start('test', fast => true)`
  await copyRunning(join(lost.dataDir, 'postgres'), folder)
  const [stopped] = await connection`select labelfile from pg_backup_stop(wait_for_archive => false)`
  connection.release()
  const copy = join(folder, 'postgres')
  // The log that was written meanwhile, up to the end of the back-up.
  await copyRunning(join(lost.dataDir, 'postgres', 'pg_wal'), copy)
  await writeFile(join(copy, 'backup_label'), stopped?.labelfile)
  await run('chown', ['--reference', join(copy, 'PG_VERSION'), join(copy, 'backup_label')])
  await rm(join(copy, 'postmaster.pid'), { force: true })
  await cp(join(lost.dataDir, 'postgres-password'), join(folder, 'postgres-password'))
  return folder
}

/** Copies a folder of the running database. A file may go meanwhile: the write-ahead log knows of it. */
async function copyRunning(from: string, to: string): Promise<void> {
  await run('cp', ['-a', from, to], { env: { ...process.env, LC_ALL: 'C' } }).catch(({ stderr }) => {
    const errors = String(stderr).trim().split('\n')
    assert.ok(
      errors.every((line) => line.endsWith('No such file or directory')),
      `cp: ${stderr}`,
    )
  })
}
