// docs/deploy/roles.sql, as an operator runs it.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import postgres, { type Sql } from 'postgres'
import { PROJECT_ROOT } from '../../../src/platform/project-root.ts'
import { anyFreePort } from '../../../src/start/free-port.ts'
import { Browser } from '../../support/browser.ts'
import { TECH } from '../../support/cast.ts'
import { AUDIT_KEYS, createTestDatabase, ENCRYPTION_KEYS, type TestDatabase } from '../../support/cluster.ts'
import { eventually } from '../../support/eventually.ts'
import { builtModule, startProcess, type TestProcess } from '../../support/processes.ts'

/** Roles belong to the whole cluster. */
const ROLE = `portcullis_app_${randomBytes(4).toString('hex')}`

let database: TestDatabase
let owner: Sql
let role: Sql
let environment: Record<string, string>
const processes: TestProcess[] = []

before(async () => {
  database = await createTestDatabase('demo')
  owner = postgres(database.url, { max: 1, onnotice: () => {} })
  const script = await readFile(join(PROJECT_ROOT, 'docs/deploy/roles.sql'), 'utf8')
  const [creation = ''] = /create role .*;/.exec(script) ?? []
  await owner.unsafe(creation.replace('portcullis_app', ROLE))
  await owner.unsafe(script.replaceAll('portcullis_app', ROLE))
  const url = new URL(database.url)
  url.username = ROLE
  url.password = 'choose-one'
  role = postgres(url.href, { max: 1 })
  const port = String(await anyFreePort())
  environment = {
    DATABASE_URL: url.href,
    PORT: port,
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    SMTP_URL: 'smtp://127.0.0.1:9',
    MAIL_FROM: 'Portcullis <gate@portcullis.test>',
    SESSION_SECRET: 'a-secret-for-tests-only-which-is-long-enough',
    ENCRYPTION_KEYS,
    ANSWER_WITHIN: '30s',
  }
})

after(async () => {
  for (const running of processes) running.kill('SIGKILL')
  await Promise.all(processes.map(({ ended }) => ended))
  await role.end()
  await owner.unsafe(`drop owned by ${ROLE} cascade`)
  await owner.unsafe(`drop role ${ROLE}`)
  await owner.end()
  await database.drop()
})

function start(module: string, more: Record<string, string> = {}): Promise<void> {
  const started = startProcess(builtModule(module), { ...environment, ...more })
  processes.push(started)
  return started.ready
}

describe('the role that docs/deploy/roles.sql makes', () => {
  test('is enough for web to enrol a user and for the worker to run jobs', async () => {
    await start('src/web.js')
    await start('workers/main.js', { AUDIT_KEYS })
    const realTime = { now: () => new Date(), advance: () => {} }
    const theo = new Browser(String(environment.PUBLIC_URL), realTime)

    const enrolling = await theo.signInWithPassword(TECH)
    const verifying = await theo.enrol()

    assert.equal(enrolling.location, '/mfa/enrol')
    assert.equal(verifying.location, '/mfa/verify')
    await eventually('the job of a mail has run', async () => {
      const [row] = await owner`select count(*)::int as count from bullmq.job`.catch(() => [{ count: 0 }])
      return row?.count > 0
    })
  })

  test('may not change the audit log, switch off its triggers or alter a table', async () => {
    await owner`insert into audit_events (id, at, action, outcome, details) values (uuidv7(), now(), 'access', 'refused', '{}')`

    for (const statement of [
      `update audit_events set action = 'sign-out'`,
      'delete from audit_events',
      'truncate audit_events',
      'delete from audit_seals',
      'alter table audit_events disable trigger all',
      'drop trigger outbox_notify on outbox',
      'alter table users add column is_admin boolean',
      'drop table lockouts',
      'create table public.mine (id int)',
    ])
      await assert.rejects(role.unsafe(statement), /permission denied|must be owner/, statement)
  })
})
