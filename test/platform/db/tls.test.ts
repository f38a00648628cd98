// DATABASE_URL with TLS, on a real PostgreSQL whose certificate is of a private authority, for both drivers.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chown, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { pino } from 'pino'
import { ConfigurationError, readMigrateConfig } from '../../../src/config.ts'
import { openDatabase } from '../../../src/platform/db/client.ts'
import { migrateDatabase } from '../../../src/platform/db/migrate.ts'
import { openPostgres } from '../../../src/platform/outbox/open-postgres.ts'
import { type Cluster, startEmbeddedPostgres } from '../../../src/start/embedded-postgres.ts'
import { listenToOutbox } from '../../../workers/listen-to-outbox.ts'
import { eventually } from '../../support/eventually.ts'
import { testFolder } from '../../support/run-folder.ts'

const OPENSSL_INSTALLED = spawnSync('openssl', ['version']).status === 0

describe('a database behind TLS', { skip: !OPENSSL_INSTALLED && 'there is no openssl on PATH' }, () => {
  let folder: string
  let cluster: Cluster
  before(async () => {
    folder = await testFolder()
    makeAuthority('ca')
    makeAuthority('another-ca')
    await certify('server', 'ca', 'DNS:localhost')
    cluster = await startEmbeddedPostgres(folder, { initdb: ['--no-sync'] })
    // It reads a key of its own user's only.
    const { uid, gid } = await stat(join(folder, 'postgres'))
    for (const file of ['server.key', 'server.crt']) await chown(join(folder, file), uid, gid)
    await cluster.stop()
    cluster = await startEmbeddedPostgres(folder, {
      settings: ['ssl=on', `ssl_cert_file=${folder}/server.crt`, `ssl_key_file=${folder}/server.key`],
    })
    await migrateDatabase(addressed('localhost', { sslmode: 'require' }))
  })
  after(() => cluster?.stop('immediate'))

  function openssl(...args: string[]): void {
    const { status, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' })
    assert.equal(status, 0, stderr)
  }

  function makeAuthority(name: string): void {
    const files = ['-keyout', `${name}.key`, '-out', `${name}.crt`, '-days', '2']
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${name}`, ...files)
  }

  async function certify(name: string, authority: string, subjectAltName: string): Promise<void> {
    const request = ['-keyout', `${name}.key`, '-out', `${name}.csr`]
    openssl('req', '-new', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${name}`, ...request)
    await writeFile(join(folder, 'names'), `subjectAltName=${subjectAltName}\n`)
    const by = ['-CA', `${authority}.crt`, '-CAkey', `${authority}.key`, '-CAcreateserial', '-days', '2']
    openssl('x509', '-req', '-in', `${name}.csr`, ...by, '-extfile', 'names', '-out', `${name}.crt`)
  }

  function addressed(host: string, parameters: Record<string, string>): string {
    const url = new URL(cluster.url)
    url.hostname = host
    for (const [name, value] of Object.entries(parameters))
      url.searchParams.set(name, name === 'sslrootcert' ? join(folder, value) : value)
    return url.href
  }

  /** Whether the connection of web, that of LISTEN and those of the queues are encrypted; rejects if any fails. */
  async function encrypted(address: string): Promise<boolean[]> {
    const results = await Promise.allSettled([byPool(address), byListener(address), byQueues(address)])
    const failed = results.filter(({ status }) => status === 'rejected')
    // One reading: both drivers agree.
    assert.ok(failed.length === 0 || failed.length === results.length, JSON.stringify(results))
    return results.map((result) => {
      if (result.status === 'rejected') throw result.reason
      return result.value
    })
  }

  async function byPool(address: string): Promise<boolean> {
    const { sql, close } = openDatabase(address, 'test-tls', 1)
    try {
      const [row] = await sql`select ssl from pg_stat_ssl where pid = pg_backend_pid()`
      return row?.ssl
    } finally {
      await close()
    }
  }

  async function byQueues(address: string): Promise<boolean> {
    const engine = openPostgres(address, () => {})
    try {
      await engine.ready()
      return await isEncrypted('portcullis-queues')
    } finally {
      await engine.close()
    }
  }

  async function byListener(address: string): Promise<boolean> {
    const logged: { level: number; msg: string }[] = []
    const write = (line: unknown, _encoding: unknown, done: () => void) => {
      logged.push(JSON.parse(String(line)))
      done()
    }
    let rung = 0
    const listener = listenToOutbox(address, pino({}, new Writable({ write })), () => {
      rung += 1
    })
    try {
      await eventually('it listens, or says that it cannot', () => rung > 0 || logged.length > 0)
      const [line] = logged
      if (line) {
        assert.match(line.msg, /cannot LISTEN/)
        assert.equal(line.level, 50)
        throw new Error(line.msg)
      }
      await notify()
      await eventually('it hears of a commit', () => rung > 1)
      return await isEncrypted('portcullis-relay')
    } finally {
      await listener.stop()
    }
  }

  async function asAdministrator<T>(question: (database: ReturnType<typeof openDatabase>) => Promise<T>) {
    const database = openDatabase(cluster.url, 'test-administrator', 1)
    try {
      return await question(database)
    } finally {
      await database.close()
    }
  }

  const notify = () => asAdministrator(({ sql }) => sql`notify outbox`)

  const isEncrypted = (name: string) =>
    asAdministrator(async ({ sql }) => {
      const rows = await sql`select ssl from pg_stat_activity join pg_stat_ssl using (pid)
        where application_name = ${name}`
      assert.ok(rows.length > 0, name)
      return rows.every(({ ssl }) => ssl)
    })

  const ENCRYPTED = [true, true, true]
  const CLEAR = [false, false, false]

  test('without an sslmode and with disable nothing is encrypted', async () => {
    assert.deepEqual(await encrypted(addressed('localhost', {})), CLEAR)
    assert.deepEqual(await encrypted(addressed('localhost', { sslmode: 'disable' })), CLEAR)
  })

  for (const sslmode of ['require', 'no-verify'])
    test(`${sslmode} encrypts, and accepts a certificate of any authority and host`, async () => {
      assert.deepEqual(await encrypted(addressed('localhost', { sslmode })), ENCRYPTED)
      assert.deepEqual(await encrypted(addressed('127.0.0.1', { sslmode })), ENCRYPTED)
    })

  for (const sslmode of ['verify-ca', 'require'])
    test(`${sslmode} with an sslrootcert accepts its certificates, for any host, and no other`, async () => {
      const ours = { sslmode, sslrootcert: 'ca.crt' }
      assert.deepEqual(await encrypted(addressed('localhost', ours)), ENCRYPTED)
      assert.deepEqual(await encrypted(addressed('127.0.0.1', ours)), ENCRYPTED)
      await assert.rejects(encrypted(addressed('localhost', { sslmode, sslrootcert: 'another-ca.crt' })))
    })

  test('verify-ca without an sslrootcert trusts the authorities that Node knows, and no private one', async () => {
    await assert.rejects(encrypted(addressed('localhost', { sslmode: 'verify-ca' })))
  })

  test('verify-full also demands that the certificate names the host', async () => {
    const ours = { sslmode: 'verify-full', sslrootcert: 'ca.crt' }
    assert.deepEqual(await encrypted(addressed('localhost', ours)), ENCRYPTED)
    await assert.rejects(encrypted(addressed('127.0.0.1', ours)))
    await assert.rejects(encrypted(addressed('localhost', { ...ours, sslrootcert: 'another-ca.crt' })))
    await assert.rejects(encrypted(addressed('localhost', { sslmode: 'verify-full' })))
  })

  test('a server that offers no TLS is refused and not spoken to in the clear', async () => {
    const plain = await startEmbeddedPostgres(await testFolder(), { initdb: ['--no-sync'] })
    const url = new URL(plain.url)
    url.searchParams.set('sslmode', 'require')

    await assert.rejects(encrypted(url.href))

    await plain.stop('immediate')
  })
})

test('an unsupported option of DATABASE_URL is reported at start', () => {
  const reading = (parameters: string) => () =>
    readMigrateConfig({ DATABASE_URL: `postgres://portcullis@localhost/portcullis?${parameters}` })
  const problem = (message: RegExp) => (error: Error) => {
    assert.ok(error instanceof ConfigurationError)
    assert.match(error.message, message)
    return true
  }

  assert.throws(reading('sslmode=prefer'), problem(/DATABASE_URL must have an sslmode of .*, not 'prefer'/))
  assert.throws(
    reading('sslmode=verify-full&sslrootcert=/no/ca.crt'),
    problem(/sslrootcert that cannot be read/),
  )
  for (const other of ['ssl=true', 'sslcert=x', 'sslnegotiation=direct'])
    assert.throws(reading(other), problem(/by sslmode and sslrootcert, not by 'ssl/), other)
  reading('sslmode=verify-full&application_name=x')()
})
