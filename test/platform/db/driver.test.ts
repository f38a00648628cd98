// What we rely on in the driver, with our patch to it, where statements are sent without waiting for one another.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type DatabasePool, openDatabase } from '../../../src/platform/db/client.ts'
import { createTestDatabase, type TestDatabase } from '../../support/cluster.ts'

let database: TestDatabase
/** One connection: whatever is asked at once is asked on it. */
let single: DatabasePool
let elsewhere: DatabasePool
before(async () => {
  database = await createTestDatabase()
  single = openDatabase(database.url, 'test-single', 1)
  elsewhere = openDatabase(database.url, 'test-elsewhere', 1)
  await elsewhere.sql`create table things (id text primary key, n int)`
  await elsewhere.sql`insert into things select n::text, n from generate_series(1, 200) n`
})
after(async () => {
  await single.close()
  await elsewhere.close()
  await database.drop()
})

const thing = (id: number) => single.sql`select id, n from things where id = ${String(id)}`

describe('statements sent together', () => {
  test('a value that cannot be sent fails its own statement, and no other', async () => {
    await thing(1)
    const forgotten = undefined as unknown as string

    const [before, wrong, behind] = await Promise.allSettled([
      thing(1),
      single.sql`select id, n from things where id = ${forgotten}`,
      thing(2),
    ])

    assert.equal(before.status === 'fulfilled' && before.value[0]?.id, '1')
    assert.equal(wrong.status === 'rejected' && wrong.reason.code, 'UNDEFINED_VALUE')
    assert.equal(behind.status === 'fulfilled' && behind.value[0]?.id, '2')
    assert.equal((await thing(3))[0]?.id, '3')
  })

  test('in a transaction it rolls everything back', async () => {
    const forgotten = undefined as unknown as string
    const failed = single.sql.begin((tx) => [
      tx`insert into things values ('new', 0)`,
      tx`select id, n from things where id = ${forgotten}`,
      tx`select 1`,
    ])

    await assert.rejects(failed, { code: 'UNDEFINED_VALUE' })
    const [count] = await elsewhere.sql`select count(*)::int as things from things`
    assert.equal(count?.things, 200)
  })

  test('nobody gets the answer of somebody else when a table changes under a prepared statement', async () => {
    const askEverything = () =>
      Promise.allSettled(Array.from({ length: 200 }, (_, index) => thing(index + 1)))
    await askEverything()
    await elsewhere.sql`alter table things alter column n type bigint`

    const answers = await askEverything()

    for (const [index, answer] of answers.entries())
      if (answer.status === 'fulfilled') assert.equal(answer.value[0]?.id, String(index + 1))
      else assert.equal(answer.reason.code, '0A000')
    assert.ok(answers.some(({ status }) => status === 'fulfilled'))
    assert.equal((await thing(5))[0]?.id, '5')
  })

  test('nor does a transaction in which that happens keep its connection', async () => {
    const together = () =>
      single.sql.begin((tx) => [tx`select id, n from things where id = ${'1'}`, tx`select 2`])
    await together()
    await elsewhere.sql`alter table things alter column n type int`

    await assert.rejects(together(), { code: '0A000' })

    assert.equal((await together())[0]?.[0]?.id, '1')
  })
})
