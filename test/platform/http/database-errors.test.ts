// Temporary errors of the database are answered 503, and the health check reports them.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { isDatabaseAway } from '../../../src/platform/db/database-away.ts'
import { startApp, type TestApp } from '../../support/app.ts'
import { eventually } from '../../support/eventually.ts'

let app: TestApp
before(async () => {
  app = await startApp()
})
after(() => app.close())

/** Lets every change of `table` fail with this SQLSTATE. */
async function refuseChanges(table: string, code: string): Promise<() => Promise<void>> {
  const { sql } = app.database
  await sql.unsafe(`
    create or replace function refuse() returns trigger language plpgsql as $$
      begin raise exception 'refused by the test' using errcode = '${code}'; end $$;
    create trigger refused before insert or update on ${table} execute function refuse()`)
  return async () => {
    await sql.unsafe(`drop trigger refused on ${table}`)
  }
}

describe('an error of the database', () => {
  const classes = {
    '53100': 'disk full',
    '53200': 'out of memory',
    '57P01': 'shutting down',
    '58030': 'input or output failed',
    '25006': 'read only',
  }
  for (const [code, meaning] of Object.entries(classes))
    test(`${code} (${meaning}) is answered 503 with Retry-After, in a transaction and alone`, async () => {
      for (const table of ['notifications', 'lockouts']) {
        const endRefusal = await refuseChanges(table, code)
        const browser = app.browser()

        const answer =
          table === 'lockouts'
            ? await browser.signInWithPassword('tech@harbour.example')
            : await browser.post('/forgot-password', { email: 'finance@harbour.example' })

        await endRefusal()
        assert.equal(answer.status, 503, table)
        assert.match(answer.headers.get('retry-after') ?? '', /^[0-9]+$/)
      }
    })

  test('a permanent error of the database is answered 500', async () => {
    const endRefusal = await refuseChanges('notifications', '22012')

    const answer = await app.browser().post('/forgot-password', { email: 'finance@harbour.example' })

    await endRefusal()
    assert.equal(answer.status, 500)
    assert.equal(answer.headers.get('retry-after'), null)
  })

  test('an error counts as temporary by its code alone', () => {
    const errorWith = (code: string) => Object.assign(new Error('an error'), { code })

    for (const code of [
      '53300',
      '57014',
      '58P01',
      '40P01',
      '08006',
      '25P02',
      'ECONNREFUSED',
      'CONNECT_TIMEOUT',
    ])
      assert.ok(isDatabaseAway(errorWith(code)), code)
    for (const code of ['23505', '22P02', '42P01', '42501', 'ENOENT'])
      assert.ok(!isDatabaseAway(errorWith(code)), code)
    assert.ok(!isDatabaseAway(new Error('without a code')))
  })
})

describe('/readyz', () => {
  const ready = async (from: TestApp) => {
    const answer = await from.browser().get('/readyz')
    return { ...JSON.parse(answer.body), code: answer.status }
  }

  test('/readyz says 503 while a migration of this build is pending', async () => {
    const other = await startApp()
    const { sql } = other.database
    assert.equal((await ready(other)).code, 200)

    await sql`delete from drizzle.__drizzle_migrations
      where created_at = (select max(created_at) from drizzle.__drizzle_migrations)`
    const pending = await ready(other)

    assert.deepEqual([pending.code, pending.database, pending.migrated], [503, true, false])
    await other.close()
  })

  test('/readyz says 200 when the database has a newer migration than this build', async () => {
    const other = await startApp()
    await other.database.sql`
      insert into drizzle.__drizzle_migrations (hash, created_at) values ('newer', 9000000000000)`

    assert.equal((await ready(other)).code, 200)
    await other.close()
  })

  test('/readyz says 503 while the database is read only', async () => {
    const other = await startApp()
    const { sql } = other.database
    const name = sql(new URL(other.deps.config.DATABASE_URL).pathname.slice(1))
    await sql`alter database ${name} set default_transaction_read_only = on`
    await app.database.sql`
      select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'test-web%'
      and datname = ${new URL(other.deps.config.DATABASE_URL).pathname.slice(1)}`

    await eventually('it is connected again and knows', async () => {
      const state = await ready(other)
      return state.code === 503 && state.database && !state.writable
    })
    await other.close()
  })

  test('/readyz says 503 after the disk was full', async () => {
    const other = await startApp()
    await other.database.sql.unsafe(`
      create function refuse() returns trigger language plpgsql as $$
        begin raise exception 'no space left' using errcode = '53100'; end $$;
      create trigger refused before insert on lockouts execute function refuse()`)

    await other.browser().signInWithPassword('tech@harbour.example')
    const state = await ready(other)

    assert.deepEqual([state.code, state.database, state.writable], [503, true, false])
    await other.close()
  })
})

test('web stays ready while requests keep every connection of their pool busy', async () => {
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const other = await startApp()
  const busy = Array.from({ length: 20 }, () => other.deps.db.transaction(() => held))

  const { status, body } = await other.browser().get('/readyz')

  release()
  await Promise.all(busy)
  await other.close()
  assert.equal(status, 200, body)
})
