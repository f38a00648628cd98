// The function that an older PostgreSQL gets, compared with that of PostgreSQL 18.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createUuidv7 } from '../../../src/platform/db/add-uuidv7.ts'
import { type DatabasePool, openDatabase } from '../../../src/platform/db/client.ts'
import { migrateDatabase } from '../../../src/platform/db/migrate.ts'
import { createTestDatabase, type TestDatabase } from '../../support/cluster.ts'

let database: TestDatabase
let pool: DatabasePool
before(async () => {
  database = await createTestDatabase()
  pool = openDatabase(database.url, 'test-uuidv7', 1)
})
after(async () => {
  await pool.close()
  await database.drop()
})

const functions = () =>
  pool.sql`select from pg_proc where proname = 'uuidv7' and pronamespace = 'public'::regnamespace`

test('a PostgreSQL that has uuidv7 keeps its own', async () => {
  await migrateDatabase(database.url)

  assert.equal((await functions()).length, 0)
})

test('the ids of an older PostgreSQL have the version, the variant, the time and the order of those of PostgreSQL 18', async () => {
  await createUuidv7(pool.db)

  const [ids] = await pool.sql`
    select
      bool_and(uuid_extract_version(id) = 7) as version,
      bool_and(substring(id::text from 20 for 1) in ('8', '9', 'a', 'b')) as variant,
      bool_and(abs(extract(epoch from uuid_extract_timestamp(id) - clock_timestamp())) < 30) as time,
      bool_and(id >= before) as "inOrder",
      count(distinct id)::int as different
    from (
      select id, lag(id, 1, id) over (order by n) as before
      from (select n, public.uuidv7() as id from generate_series(1, 5000) n offset 0) as made
    ) as pairs`
  const [shifted] = await pool.sql`
    select abs(extract(epoch from uuid_extract_timestamp(public.uuidv7('-1 day')) - uuid_extract_timestamp(uuidv7('-1 day')))) < 30
      as "likeTheirs"`

  assert.deepEqual(ids, { version: true, variant: true, time: true, inOrder: true, different: 5000 })
  assert.equal(shifted?.likeTheirs, true)
})
