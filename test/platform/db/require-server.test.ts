// Which servers are refused at start: an old PostgreSQL, and one behind a real PgBouncer.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { openDatabase } from '../../../src/platform/db/client.ts'
import { migrateDatabase } from '../../../src/platform/db/migrate.ts'
import { requireServer, whyUnfit } from '../../../src/platform/db/require-server.ts'
import { connectionError } from '../../../src/start/await-database.ts'
import { anyFreePort } from '../../../src/start/free-port.ts'
import { AUDIT_KEYS, createTestDatabase, ENCRYPTION_KEYS, type TestDatabase } from '../../support/cluster.ts'
import { eventually } from '../../support/eventually.ts'
import { builtModule, startProcess } from '../../support/processes.ts'
import { testFolder } from '../../support/run-folder.ts'

const PGBOUNCER = '/usr/sbin/pgbouncer'
const INSTALLED = spawnSync(PGBOUNCER, ['--version']).status === 0
const REFUSED = { name: 'UnfitServerError', message: /^A pooler, such as PgBouncer, stands between/ }

test('PostgreSQL 15 to 18 are accepted, and an older one is refused by its version', () => {
  const server = (version: string, number: number) => ({ version, number, statementMs: 10_000 })

  for (const [version, number] of [
    ['15.0', 150_000],
    ['18.4', 180_004],
  ] as const)
    assert.equal(whyUnfit(server(version, number), 10_000), null)
  assert.equal(
    whyUnfit(server('14.22', 140_022), 10_000),
    'This is PostgreSQL 14.22. Version 15 or newer is needed.',
  )
})

describe('behind PgBouncer', { skip: !INSTALLED && 'there is no pgbouncer' }, () => {
  let database: TestDatabase
  const poolers: ChildProcess[] = []
  before(async () => {
    database = await createTestDatabase()
  })
  after(async () => {
    for (const pooler of poolers) pooler.kill('SIGKILL')
    await database.drop()
  })

  /** Starts one, and returns the address of the database through it. */
  async function through(mode: 'transaction' | 'session', ignored = ''): Promise<string> {
    const target = new URL(database.url)
    const port = await anyFreePort()
    const folder = await testFolder()
    const file = join(folder, 'pgbouncer.ini')
    await writeFile(
      file,
      `[databases]
* = host=127.0.0.1 port=${target.port} user=${target.username} password=${target.password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
${ignored && `ignore_startup_parameters = ${ignored}`}
`,
    )
    await chmod(folder, 0o755)
    // It does not run as root.
    const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
    poolers.push(spawn(PGBOUNCER, ['-q', file], { ...user, stdio: 'ignore' }))
    const url = new URL(target)
    url.port = String(port)
    await eventually('PgBouncer answers', async () => (await connectionError(url.href)) === null)
    return url.href
  }

  async function requireAt(address: string): Promise<unknown> {
    const { sql, close } = openDatabase(address, 'test-pooler', 1)
    try {
      return await requireServer(sql)
    } finally {
      await close()
    }
  }

  const IGNORED = 'statement_timeout, idle_in_transaction_session_timeout, synchronous_commit'

  test('the same database is accepted without it', async () => {
    await requireAt(database.url)
    await migrateDatabase(database.url)
  })

  for (const mode of ['transaction', 'session'] as const)
    test(`it is refused in ${mode} mode, whether it refuses our settings or ignores them`, async () => {
      for (const ignored of ['', IGNORED]) {
        const address = await through(mode, ignored)
        await assert.rejects(requireAt(address), REFUSED)
        await assert.rejects(migrateDatabase(address), REFUSED)
      }
    })

  test('web, the worker and doctor say so in one line and end', async () => {
    const environment = {
      DATABASE_URL: await through('transaction', IGNORED),
      PORT: String(await anyFreePort()),
      PUBLIC_URL: 'http://localhost:9',
      SMTP_URL: 'smtp://127.0.0.1:9',
      MAIL_FROM: 'gate@portcullis.test',
      SESSION_SECRET: 'a-secret-for-tests-only-which-is-long-enough',
      ENCRYPTION_KEYS,
      AUDIT_KEYS,
      LOG_LEVEL: 'warn',
    }
    for (const [module, line] of [
      ['src/web.js', /^A pooler, such as PgBouncer, .*\n$/m],
      ['workers/main.js', /^A pooler, such as PgBouncer, .*\n$/],
      ['src/commands/doctor.js', /^PROBLEM +database +A pooler, such as PgBouncer/m],
    ] as const) {
      const refused = startProcess(builtModule(module), environment)
      refused.ready.catch(() => {})
      assert.equal(await refused.ended, 1, refused.output())
      assert.match(refused.output(), line)
    }
  })
})
