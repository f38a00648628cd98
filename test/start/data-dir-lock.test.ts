import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { pipeline } from 'node:stream'
import { after, before, test } from 'node:test'
import { type DatabasePool, openDatabase } from '../../src/platform/db/client.ts'
import { holdLock } from '../../src/start/data-dir-lock.ts'
import { anyFreePort } from '../../src/start/free-port.ts'
import { createTestDatabase, type TestDatabase } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'

const guard = () => ({ onLost: async () => {}, until: new AbortController().signal })

let database: TestDatabase
let pool: DatabasePool

before(async () => {
  database = await createTestDatabase()
  pool = openDatabase(database.url, 'test', 1)
})

after(async () => {
  await pool.close()
  await database.drop()
})

const holders = () => pool.sql`
  select a.pid from pg_locks l join pg_stat_activity a using (pid)
  where l.locktype = 'advisory' and a.application_name = 'portcullis-start' and a.datname = current_database()`

test('one start holds the lock at a time, and the next has it once it is released', async () => {
  const release = await holdLock(database.url, 'a folder', guard())
  assert.ok(release)

  assert.equal(await holdLock(database.url, 'a folder', guard()), null)
  const elsewhere = await holdLock(database.url, 'another folder', guard())
  assert.ok(elsewhere)

  await release()
  const next = await holdLock(database.url, 'a folder', guard())
  assert.ok(next)
  await Promise.all([next(), elsewhere()])
})

test('a holder whose database goes away brings it back and takes the lock again', async () => {
  const stopping = new AbortController()
  let broughtBack = 0
  const onLost = async () => {
    broughtBack += 1
  }
  const release = await holdLock(database.url, 'a folder', { onLost, until: stopping.signal })
  const [first] = await holders()

  await pool.sql`select pg_terminate_backend(${first?.pid})`

  await eventually('the lock is held anew', async () => {
    const [holder] = await holders()
    return holder !== undefined && holder.pid !== first?.pid
  })
  assert.equal(broughtBack, 1)
  assert.equal(await holdLock(database.url, 'a folder', guard()), null)
  stopping.abort()
  await release?.()
})

test('a start that finds the database stopping brings it back and takes the lock', async () => {
  const { port: clusterPort } = new URL(database.url)
  const door = createServer((caller) => {
    pipeline(caller, connect(Number(clusterPort), '127.0.0.1'), caller, () => {})
  })
  const throughDoor = new URL(database.url)
  throughDoor.port = String(await anyFreePort())
  const onLost = async () => {
    door.listen(Number(throughDoor.port), '127.0.0.1')
    await once(door, 'listening')
  }

  const release = await holdLock(throughDoor.href, 'a folder', { ...guard(), onLost })

  assert.ok(release)
  assert.equal((await holders()).length, 1)
  await release()
  door.close()
})
