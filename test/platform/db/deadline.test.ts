// What the database layer does, and no longer does, for a request whose time has passed.
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { DrizzleQueryError, sql } from 'drizzle-orm'
import postgres from 'postgres'
import { type DatabasePool, openDatabase, type Reader } from '../../../src/platform/db/client.ts'
import { Deadline, withDeadline } from '../../../src/platform/db/deadline.ts'
import { awaitWaiters } from '../../support/await-waiters.ts'
import { createTestDatabase, type TestDatabase } from '../../support/cluster.ts'

const TOO_LATE = new Error('too late')

let database: TestDatabase
/** One connection, so that a second statement has to wait for the first. */
let pool: DatabasePool
let elsewhere: DatabasePool
before(async () => {
  database = await createTestDatabase()
  pool = openDatabase(database.url, 'test-single', 1)
  elsewhere = openDatabase(database.url, 'test-elsewhere', 2)
  await elsewhere.sql`create table notes (note text)`
})
afterEach(() => elsewhere.sql`delete from notes`)
after(async () => {
  await pool.close()
  await elsewhere.close()
  await database.drop()
})

// Drizzle sends a statement when it is awaited.
async function write(db: Reader, note: string): Promise<void> {
  await db.execute(sql`insert into notes values (${note})`)
}

const notes = async () => (await elsewhere.sql`select note from notes order by note`).map(({ note }) => note)

function holdUntilReleased() {
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  return { held, release }
}

/** Whether Drizzle failed because the time had passed. */
const isTooLate = (error: unknown) =>
  error === TOO_LATE || (error instanceof DrizzleQueryError && error.cause === TOO_LATE)

describe('after the deadline of its request', () => {
  test('after the deadline a statement is not begun', async () => {
    const deadline = new Deadline()
    deadline.pass(TOO_LATE)

    await assert.rejects(
      withDeadline(deadline, () => write(pool.db, 'late')),
      isTooLate,
    )
    await write(pool.db, 'of another request')

    assert.deepEqual(await notes(), ['of another request'])
  })

  test('after the deadline a statement that waited for a connection is not begun', async () => {
    const deadline = new Deadline()
    const { held, release } = holdUntilReleased()
    const holds = pool.db.transaction(async (tx) => {
      await write(tx, 'of another request')
      await held
    })
    const waiting = withDeadline(deadline, () => write(pool.db, 'late'))
    const alsoWaiting = withDeadline(deadline, () => pool.db.transaction((tx) => write(tx, 'late')))

    deadline.pass(TOO_LATE)
    await assert.rejects(waiting, isTooLate)
    await assert.rejects(alsoWaiting, isTooLate)
    release()
    await holds
    await pool.db.execute(sql`select 1`)

    assert.deepEqual(await notes(), ['of another request'])
  })

  test('after the deadline an open transaction takes no more statements and is rolled back', async () => {
    const deadline = new Deadline()

    const failed = withDeadline(deadline, () =>
      pool.db.transaction(async (tx) => {
        await write(tx, 'in time')
        deadline.pass(TOO_LATE)
        await write(tx, 'late')
      }),
    )

    await assert.rejects(failed, isTooLate)
    assert.deepEqual(await notes(), [])
  })

  test('after the deadline a transaction is not committed, even if all its statements were in time', async () => {
    const deadline = new Deadline()

    const failed = withDeadline(deadline, () =>
      pool.db.transaction(async (tx) => {
        await write(tx, 'in time')
        deadline.pass(TOO_LATE)
      }),
    )

    await assert.rejects(failed, isTooLate)
    await pool.db.execute(sql`select 1`)
    assert.deepEqual(await notes(), [])
  })

  test('after the deadline the request does not wait for a statement that is under way, which is completed', async () => {
    const deadline = new Deadline()
    const { held, release } = holdUntilReleased()
    const lock = holdUntilReleased()
    const holds = elsewhere.sql.begin(async (tx) => {
      await tx`lock table notes`
      lock.release()
      await held
    })
    await lock.held
    const blocked = assert.rejects(
      withDeadline(deadline, () => write(pool.db, 'under way')),
      isTooLate,
    )
    await awaitWaiters(elsewhere.sql)

    deadline.pass(TOO_LATE)

    await blocked
    release()
    await holds
    await pool.db.execute(sql`select 1`)
    assert.deepEqual(await notes(), ['under way'], 'PostgreSQL completes it')
  })
})

test('within the deadline statements and transactions are carried out', async () => {
  await withDeadline(new Deadline(), async () => {
    await write(pool.db, 'alone')
    await pool.db.transaction((tx) => write(tx, 'in a transaction'))
  })

  assert.deepEqual(await notes(), ['alone', 'in a transaction'])
})

test('the server cancels a statement that takes longer than a request may', async () => {
  const web = openDatabase(database.url, 'test-limited', 1, { requestMs: 200 })
  try {
    await assert.rejects(web.db.execute(sql`select pg_sleep(60)`), (error: Error) => {
      return error.cause instanceof postgres.PostgresError && error.cause.code === '57014'
    })
  } finally {
    await web.close()
  }
})

test('a statement in a transaction that has failed names the error that made it fail', async () => {
  const failed = pool.db.transaction(async (tx) => {
    await tx.execute(sql`select 1 / 0`).catch(() => {})
    await write(tx, 'after it')
  })

  await assert.rejects(failed, (error: Error) => {
    return error.cause instanceof postgres.PostgresError && error.cause.code === '22012'
  })
})
