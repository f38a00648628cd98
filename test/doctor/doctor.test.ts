import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { sql } from 'drizzle-orm'
import postgres from 'postgres'
import { readAuditKeys } from '../../src/config.ts'
import { sealEvents } from '../../src/platform/audit/seal-events.ts'
import { Cast, TECH } from '../support/cast.ts'
import { AUDIT_KEYS, createTestDatabase, ENCRYPTION_KEYS } from '../support/cluster.ts'
import { builtModule, startProcess } from '../support/processes.ts'
import { REDIS_INSTALLED, RedisServer } from '../support/redis-server.ts'
import { SmtpServer } from '../support/smtp-server.ts'

const OTHER_KEY = `other:${Buffer.alloc(32, 9).toString('base64')}`

let cast: Cast
let mail: SmtpServer
let environment: Record<string, string>
before(async () => {
  cast = await Cast.assemble([TECH], [])
  mail = await new SmtpServer().start()
  const { DATABASE_URL, PUBLIC_URL } = cast.app.deps.config
  environment = {
    DATABASE_URL,
    PUBLIC_URL,
    SMTP_URL: mail.url,
    MAIL_FROM: 'Portcullis <gate@portcullis.test>',
    SESSION_SECRET: 'a-secret-for-tests-only-which-is-long-enough',
    ENCRYPTION_KEYS,
    AUDIT_KEYS,
  }
})
after(async () => {
  await cast.app.close()
  await mail.stop()
})

async function doctor(env: Record<string, string> = {}): Promise<{ code: number | null; output: string }> {
  const examination = startProcess(builtModule('src/commands/doctor.js'), { ...environment, ...env })
  examination.ready.catch(() => {})
  return { code: await examination.ended, output: examination.output() }
}

describe('npm run doctor', () => {
  test('a sound installation has no problem, and each thing examined has a line', async () => {
    const { code, output } = await doctor()

    assert.equal(code, 0, output)
    assert.doesNotMatch(output, /PROBLEM/)
    for (const line of [
      /^ok +configuration /m,
      /^ok +database +PostgreSQL \d/m,
      /^ok +migrations /m,
      /^WARNING +rights .* owns the tables/m,
      /^ok +clock /m,
      /^ok +encryption keys +1 secrets/m,
      /^ok +queues +BullMQ answers, on PostgreSQL/m,
      /^WARNING +worker +No worker is listening/m,
      /^ok +mail /m,
      /^ok +PUBLIC_URL +Web answers there/m,
    ])
      assert.match(output, line)
  })

  test('every problem of the configuration is listed, and nothing else is examined', async () => {
    const { code, output } = await doctor({ SESSION_SECRET: 'short', LOCKOUT_DURATION: '900' })

    assert.equal(code, 1)
    assert.match(output, /^PROBLEM +configuration /m)
    assert.match(output, /^ {2}- SESSION_SECRET /m)
    assert.match(output, /^ {2}- LOCKOUT_DURATION /m)
    assert.doesNotMatch(output, /database/)
  })

  test('a database that is away is a problem, and mail and PUBLIC_URL are examined nevertheless', async () => {
    const { code, output } = await doctor({ DATABASE_URL: 'postgres://no-user@127.0.0.1:9/none' })

    assert.equal(code, 1)
    assert.match(output, /^PROBLEM +database +.*Check DATABASE_URL/m)
    assert.match(output, /^ok +mail /m)
  })

  test('a database without the migrations of this release is a problem', async () => {
    const older = await createTestDatabase('empty')
    const client = postgres(older.url, { max: 1 })
    await client`delete from drizzle.__drizzle_migrations where id = (select max(id) from drizzle.__drizzle_migrations)`
    await client.end()
    try {
      const { code, output } = await doctor({ DATABASE_URL: older.url })

      assert.equal(code, 1)
      assert.match(output, /^PROBLEM +migrations +.*npm run migrate/m)
    } finally {
      await older.drop()
    }
  })

  test('secrets of authenticators that no key opens are a problem', async () => {
    const { code, output } = await doctor({ ENCRYPTION_KEYS: OTHER_KEY })

    assert.equal(code, 1)
    assert.match(output, /^PROBLEM +encryption keys +1 of 1 secrets/m)
  })

  test('audit keys with other bytes under the same name are a problem', async () => {
    const { db, clock } = cast.app.deps
    await sealEvents(db, { keys: readAuditKeys(AUDIT_KEYS), now: clock.now(), atMost: 1_000 })
    assert.match((await doctor()).output, /^ok +audit keys +They made the last seal/m)

    const { code, output } = await doctor({ AUDIT_KEYS: `a1:${Buffer.alloc(32, 8).toString('base64')}` })

    assert.equal(code, 1)
    assert.match(output, /^PROBLEM +audit keys +The last seal is not theirs/m)
  })

  test('a mail server that is away is a problem', async () => {
    const { code, output } = await doctor({ SMTP_URL: 'smtp://127.0.0.1:9' })

    assert.equal(code, 1)
    assert.match(output, /^PROBLEM +mail +.*Check SMTP_URL/m)
  })

  test('work that was given up is a warning', async () => {
    await cast.app.database.db.execute(
      sql`insert into outbox (job, payload, failed_at) values ('end-lockout', '{}', now())`,
    )

    const { output } = await doctor()

    assert.match(output, /^WARNING +outbox +1 jobs were given up/m)
    await cast.app.database.db.execute(sql`delete from outbox where failed_at is not null`)
  })

  test('an https address without TRUST_PROXY is a problem', async () => {
    const { code, output } = await doctor({ PUBLIC_URL: 'https://localhost:9' })

    assert.equal(code, 1)
    assert.match(output, /^PROBLEM +TRUST_PROXY /m)
    assert.match(output, /^WARNING +PUBLIC_URL +It does not answer from here/m)
  })

  test('a Redis that may evict jobs is a warning, one that is away a problem', {
    skip: REDIS_INSTALLED ? false : 'there is no redis-server',
  }, async () => {
    const redis = await new RedisServer(['--maxmemory-policy', 'allkeys-lru', '--appendonly', 'no']).start()
    const evicting = await doctor({ REDIS_URL: redis.url })
    await redis.stop()
    const away = await doctor({ REDIS_URL: redis.url })

    assert.equal(evicting.code, 0, evicting.output)
    assert.match(evicting.output, /^WARNING +Redis +.*noeviction, appendonly yes/m)
    assert.equal(away.code, 1)
    assert.match(away.output, /^PROBLEM +queues +.*Check REDIS_URL/m)
  })
})
