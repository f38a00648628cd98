// What we rely on in the driver, with our patch to it, where statements are sent without waiting for one another.
import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import postgres from 'postgres'
import { type DatabasePool, openDatabase, requirePatch } from '../../../src/platform/db/client.ts'
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
  test('a value that cannot be sent fails only its own statement', async () => {
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

  test('a value that cannot be sent rolls its whole transaction back', async () => {
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

  test('no statement gets another’s answer when a table changes under a prepared statement', async () => {
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

  test('a transaction in which a table changes under a prepared statement loses its connection', async () => {
    const together = () =>
      single.sql.begin((tx) => [tx`select id, n from things where id = ${'1'}`, tx`select 2`])
    await together()
    await elsewhere.sql`alter table things alter column n type int`

    await assert.rejects(together(), { code: '0A000' })

    assert.equal((await together())[0]?.[0]?.id, '1')
  })
})

describe('lost connections', { timeout: 10_000 }, () => {
  test('a statement sent while its connection breaks fails and does not wait forever', async () => {
    const { sql, sockets } = openDriver(1)
    await sql`select 1`

    const next = sql`select pg_sleep(5)`.catch(() => sql`select 1`)
    sockets[0]?.destroy(new Error('connection reset'))

    await assert.rejects(next, { code: 'CONNECTION_CLOSED' })
    await sql.end()
  })

  test('the next statement succeeds after the server has ended a connection', async () => {
    const { sql } = openDriver(1)
    await assert.rejects(sql`select pg_terminate_backend(pg_backend_pid())`)

    const [row] = await sql`select 1 as n`

    assert.equal(row?.n, 1)
    await sql.end()
  })

  test('a connection comes back after it is cut with unsent bytes', async () => {
    const { sql, sockets } = openDriver(2)
    const askTwice = () => Promise.allSettled([sql`select 1`, sql`select 1`])
    await Promise.all([sql`select pg_sleep(0.1)`, sql`select pg_sleep(0.1)`])

    const sleeping = [sql`select pg_sleep(5)`, sql`select pg_sleep(5)`]
    const asked = sleeping.map((statement) => statement.then(() => [], askTwice))
    for (const socket of sockets) socket.destroy()
    const answers = (await Promise.all(asked)).flat()

    const failures = answers.flatMap((answer) => (answer.status === 'rejected' ? answer.reason.code : []))
    assert.deepEqual(failures, ['CONNECTION_CLOSED'])
    await sql.end()
  })

  test('a connection that breaks while types are read fails its statement only', async () => {
    const { sql } = openDriver(1, { cutBefore: 'pg_catalog.pg_type' })

    await assert.rejects(sql`select 1`, { message: 'connection reset' })

    const [row] = await sql`select 1 as n`
    assert.equal(row?.n, 1)
    await sql.end()
  })

  test('every statement of a transaction fails when its connection is lost', async () => {
    let answers: Promise<PromiseSettledResult<unknown>[]> = Promise.resolve([])
    const lost = single.sql.begin((tx) => {
      answers = Promise.allSettled([
        tx`select pg_terminate_backend(pg_backend_pid()), ${1}::int`,
        tx`select ${2}::int`,
      ])
      return answers
    })

    await assert.rejects(lost, { code: 'CONNECTION_CLOSED' })

    const statuses = (await answers).map(({ status }) => status)
    assert.deepEqual(statuses, ['rejected', 'rejected'])
  })
})

test('a driver without the patch is refused', () => {
  requirePatch(postgres)

  assert.throws(() => requirePatch(() => {}), { name: 'UnpatchedDriverError' })
})

/** The driver on sockets that a test can destroy. The first socket breaks before it sends `cutBefore`. */
function openDriver(max: number, { cutBefore }: { cutBefore?: string } = {}) {
  const sockets: Socket[] = []
  const open = ({ host, port }: { host: string[]; port: number[] }) => {
    const socket = connect(port[0] ?? 0, host[0])
    if (cutBefore && sockets.length === 0) breakBefore(socket, cutBefore)
    sockets.push(socket)
    return socket
  }
  const options = { max, connect_timeout: 2, onnotice: () => {}, socket: open }
  return { sql: postgres(database.url, options), sockets }
}

function breakBefore(socket: Socket, text: string): void {
  const { write } = socket
  socket.write = (bytes: Uint8Array, ...rest: never[]) => {
    if (!Buffer.from(bytes).includes(text)) return write.call(socket, bytes, ...rest)
    socket.destroy(new Error('connection reset'))
    return false
  }
}
