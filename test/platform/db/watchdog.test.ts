// A server that takes connections and statements and answers nothing, as a frozen one does.
import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { mock, test } from 'node:test'
import { sql } from 'drizzle-orm'
import postgres, { type Sql } from 'postgres'
import { openDatabase, type Reader } from '../../../src/platform/db/client.ts'
import { Watchdog } from '../../../src/platform/db/watchdog.ts'
import { createTestDatabase } from '../../support/cluster.ts'
import { eventually } from '../../support/eventually.ts'

/** A way to the database that can be frozen. What is sent meanwhile arrives when it goes on. */
async function freezableWay(url: string) {
  const { hostname, port } = new URL(url)
  const answers = new Set<Socket>()
  let frozen = false
  const server = createServer((client) => {
    const database = connect(Number(port), hostname)
    answers.add(database)
    if (frozen) client.pause()
    client.on('data', (sent) => database.write(sent))
    database.on('data', (answer) => client.write(answer))
    client.on('close', () => database.destroy())
    for (const socket of [client, database]) socket.on('error', () => {})
    clients.add(client)
  })
  const clients = new Set<Socket>()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const way = new URL(url)
  way.port = String((server.address() as AddressInfo).port)
  return {
    url: way.href,
    freeze() {
      frozen = true
      for (const client of clients) client.pause()
    },
    goOn() {
      frozen = false
      for (const client of clients) client.resume()
    },
    close() {
      server.close()
      for (const socket of [...clients, ...answers]) socket.destroy()
    },
  }
}

test('a server that does not answer is detected, and statements are refused until it answers again', async () => {
  const database = await createTestDatabase()
  const way = await freezableWay(database.url)
  const events = new EventEmitter()
  const pool = openDatabase(way.url, 'test-frozen', 2, {
    requestMs: 200,
    onFrozen: () => events.emit('frozen'),
    onAnswering: () => events.emit('answering'),
  })
  const ask = () => pool.db.execute(sql`select 1`)
  try {
    await ask()
    way.freeze()
    const noticed = once(events, 'frozen')
    const waiting = [ask(), ask(), ask()].map((asked) => assert.rejects(asked))
    await noticed
    await Promise.all(waiting)
    await assert.rejects(ask, (error: Error) => {
      return error.cause instanceof Error && error.cause.name === 'DatabaseFrozenError'
    })

    const answering = once(events, 'answering')
    way.goOn()
    await answering

    await eventually('it is asked again', () =>
      ask().then(
        () => true,
        () => false,
      ),
    )
  } finally {
    way.close()
    await pool.close()
    await database.drop()
  }
})

test('a lost connection is no freeze, although the transaction on it was under way', async () => {
  const database = await createTestDatabase()
  const elsewhere = openDatabase(database.url, 'test-elsewhere', 1)
  const onFrozen = mock.fn()
  const pool = openDatabase(database.url, 'test-lost', 1, { requestMs: 200, onFrozen })
  try {
    await pool.db.execute(sql`select 1`)

    let work: Promise<void> | undefined
    async function loseConnection(tx: Reader): Promise<void> {
      const [backend] = await tx.execute(sql`select pg_backend_pid() as pid`)
      await elsewhere.db.execute(sql`select pg_terminate_backend(${backend?.pid}::integer)`)
      await tx.execute(sql`select 1`)
    }

    const transaction = pool.db.transaction((tx) => {
      work = loseConnection(tx)
      return work
    })

    await assert.rejects(transaction)
    await assert.rejects(async () => work)
    // Longer than any answer is waited for.
    await elsewhere.db.execute(sql`select pg_sleep(1.5)`)
    assert.equal(onFrozen.mock.callCount(), 0)
  } finally {
    await pool.close()
    await elsewhere.close()
    await database.drop()
  }
})

test('pipelined statements that wait behind each other for a lock are no freeze', async () => {
  const database = await createTestDatabase()
  const elsewhere = openDatabase(database.url, 'test-elsewhere', 1)
  const onFrozen = mock.fn()
  const pool = openDatabase(database.url, 'test-pipelined', 1, { requestMs: 500, pipelined: 8, onFrozen })
  try {
    await elsewhere.sql.begin(async (holder) => {
      await holder`lock table users in access exclusive mode`

      const cancelled = [1, 2, 3, 4].map(() =>
        assert.rejects(pool.db.execute(sql`select from users`), (error: Error) => {
          return error.cause instanceof postgres.PostgresError && error.cause.code === '57014'
        }),
      )

      await Promise.all(cancelled)
    })
    assert.equal(onFrozen.mock.callCount(), 0)
  } finally {
    await pool.close()
    await elsewhere.close()
    await database.drop()
  }
})

test('a pool can be closed while its server does not answer', async () => {
  const database = await createTestDatabase()
  const way = await freezableWay(database.url)
  const events = new EventEmitter()
  const pool = openDatabase(way.url, 'test-frozen', 1, {
    requestMs: 200,
    onFrozen: () => events.emit('frozen'),
  })
  await pool.db.execute(sql`select 1`)
  way.freeze()
  const noticed = once(events, 'frozen')
  const waiting = assert.rejects(pool.db.execute(sql`select 1`))
  await noticed
  await waiting

  await pool.close()

  way.close()
  await database.drop()
})

test('a question that a frozen server never answers is asked again', async () => {
  let asked = 0
  const neverAtFirst = () => {
    asked += 1
    return asked === 1 ? new Promise(() => {}) : Promise.resolve([])
  }
  const events = new EventEmitter()
  const watchdog = new Watchdog({
    answerWithinMs: 1,
    onFrozen: () => {},
    onAnswering: () => events.emit('answering'),
  })
  const answering = once(events, 'answering')

  watchdog.expectAnswer(neverAtFirst as unknown as Sql)
  await answering

  assert.equal(asked, 2)
  watchdog.check()
})
