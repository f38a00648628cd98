// Transactions as the database layer gives them: each is its own, and nothing gets into another one.
import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { sql } from 'drizzle-orm'
import { type DatabasePool, openDatabase, type Transaction } from '../../../src/platform/db/client.ts'
import { createTestDatabase, type TestDatabase } from '../../support/cluster.ts'

let database: TestDatabase
let pool: DatabasePool
before(async () => {
  database = await createTestDatabase()
  pool = openDatabase(database.url, 'test')
  await pool.sql`create table notes (note text)`
})
after(async () => {
  await pool.close()
  await database.drop()
})

const write = (tx: Transaction, note: string) => tx.execute(sql`insert into notes values (${note})`)
const notes = async () => (await pool.sql`select note from notes order by note`).map(({ note }) => note)

describe('transactions', () => {
  test('transactions that are open at once are separate', async () => {
    const pids = await Promise.all(
      Array.from({ length: 5 }, () =>
        pool.db.transaction(async (tx) => {
          const [before] = await tx.execute<{ pid: number }>(
            sql`select pg_backend_pid() as pid, pg_sleep(0.05)`,
          )
          const [later] = await tx.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`)
          assert.equal(later?.pid, before?.pid)
          return later?.pid
        }),
      ),
    )

    assert.equal(new Set(pids).size, 5)
  })

  test('a transaction that failed is rolled back, and the next one is not', async () => {
    const failure = new Error('changed my mind')
    await assert.rejects(
      pool.db.transaction(async (tx) => {
        await write(tx, 'failed')
        throw failure
      }),
      failure,
    )
    await pool.db.transaction((tx) => write(tx, 'next'))

    assert.deepEqual(await notes(), ['next'])
    await pool.sql`delete from notes`
  })

  test('work that goes on after its connection was lost gets into no other transaction', async () => {
    const single = openDatabase(database.url, 'test-single', 1)
    const signals = new EventEmitter()
    let late: Promise<unknown> = Promise.resolve()
    const lost = single.db.transaction((tx) => {
      late = (async () => {
        const [own] = await tx.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`)
        await Promise.all([once(signals, 'go on'), pool.sql`select pg_terminate_backend(${own?.pid ?? 0})`])
        await write(tx, 'late')
      })()
      return late
    })
    await assert.rejects(lost, { code: 'CONNECTION_CLOSED' })

    await single.db.transaction(async (tx) => {
      await write(tx, 'next')
      signals.emit('go on')
      await assert.rejects(late)
    })

    assert.deepEqual(await notes(), ['next'])
    await pool.sql`delete from notes`
    await single.close()
  })

  test('work that goes on after it was rolled back gets into no other transaction', async () => {
    const single = openDatabase(database.url, 'test-single', 1)
    const signals = new EventEmitter()
    let late: Promise<unknown> = Promise.resolve()
    const failed = single.db.transaction((tx) => {
      late = once(signals, 'go on').then(() => write(tx, 'late'))
      return Promise.all([tx.execute(sql`select 1 / 0`), late])
    })
    await assert.rejects(failed)

    await single.db.transaction(async (tx) => {
      await write(tx, 'next')
      signals.emit('go on')
      await assert.rejects(late)
    })

    assert.deepEqual(await notes(), ['next'])
    await pool.sql`delete from notes`
    await single.close()
  })

  test('an isolation level holds for the transaction that asked for it, and for no other', async () => {
    const level = (tx: Transaction) =>
      tx.execute(sql`select current_setting('transaction_isolation') as level`)

    const [asked] = await pool.db.transaction(level, { isolationLevel: 'serializable' })
    const [next] = await pool.db.transaction(level)

    assert.deepEqual([asked?.level, next?.level], ['serializable', 'read committed'])
  })

  test('a transaction that has ended takes no more statements', async () => {
    let ended: Transaction | null = null
    await pool.db.transaction(async (tx) => {
      ended = tx
      await write(tx, 'in time')
    })

    assert.ok(ended)
    await assert.rejects(
      async () => ended && write(ended, 'too late'),
      (error: Error) => error.cause instanceof Error && error.cause.message === 'the transaction has ended',
    )
    assert.deepEqual(await notes(), ['in time'])
    await pool.sql`delete from notes`
  })
})
