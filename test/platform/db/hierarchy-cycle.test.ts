// The trigger that keeps the hierarchy of client accounts free of cycles, also between transactions.
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { eq, inArray } from 'drizzle-orm'
import { type DatabasePool, openDatabase } from '../../../src/platform/db/client.ts'
import { clients } from '../../../src/platform/db/schema/clients.ts'
import { awaitWaiters } from '../../support/await-waiters.ts'
import { createTestDatabase, type TestDatabase } from '../../support/cluster.ts'

const CYCLE = { constraint_name: 'clients_no_cycle' }

let database: TestDatabase
let pool: DatabasePool
let group: string
let retail: string
let online: string
before(async () => {
  database = await createTestDatabase()
  pool = openDatabase(database.url, 'test-hierarchy')
})
after(async () => {
  await pool.close()
  await database.drop()
})

async function add(name: string, parentId: string | null): Promise<string> {
  const [added] = await pool.db.insert(clients).values({ name, parentId }).returning()
  assert.ok(added)
  return added.id
}

beforeEach(async () => {
  await pool.db.delete(clients)
  group = await add('Harbour Group', null)
  retail = await add('Harbour Retail', group)
  online = await add('Harbour Online', retail)
})

/** Through the raw client, whose errors carry the name of the constraint. */
const move = (id: string, parentId: string) =>
  pool.sql`update clients set parent_id = ${parentId} where id = ${id}`

async function parents(): Promise<(string | null)[]> {
  const rows = await pool.db
    .select()
    .from(clients)
    .where(inArray(clients.id, [group, retail, online]))
  return [group, retail, online].map((id) => rows.find((client) => client.id === id)?.parentId ?? null)
}

test('a client account cannot become its own ancestor, at any depth', async () => {
  for (const [id, parentId] of [
    [group, group],
    [group, retail],
    [group, online],
    [retail, online],
  ] as const)
    await assert.rejects(move(id, parentId), CYCLE)

  assert.deepEqual(await parents(), [null, group, retail])
})

test('an account that is its own parent cannot be inserted', async () => {
  const id = crypto.randomUUID()

  await assert.rejects(
    pool.sql`insert into clients (id, name, parent_id) values (${id}, 'Ouroboros', ${id})`,
    CYCLE,
  )

  assert.equal(await pool.db.$count(clients, eq(clients.id, id)), 0)
})

test('a move that makes no cycle is allowed', async () => {
  await move(online, group)

  assert.deepEqual(await parents(), [null, group, group])
})

test('of two moves that make a cycle only together one transaction is refused, in each of 20 rounds', async () => {
  for (let round = 0; round < 20; round += 1) {
    const [one, other] = [await add(`One ${round}`, null), await add(`Other ${round}`, null)]

    const outcomes = await Promise.allSettled([move(one, other), move(other, one)])

    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected'], `round ${round}`)
    const refused = outcomes.find((outcome) => outcome.status === 'rejected')
    assert.equal(refused?.reason.constraint_name, CYCLE.constraint_name)
  }
})

test('the second of two open transactions waits for the first, and is then refused', async () => {
  const [one, other] = [await add('One', null), await add('Other', null)]
  const first = await pool.sql.reserve()
  await first`begin`
  await first`update clients set parent_id = ${other} where id = ${one}`

  const second = move(other, one).then(
    () => 'done',
    (error: { constraint_name?: string }) => error.constraint_name,
  )
  await awaitWaiters(pool.sql)
  await first`commit`
  first.release()

  assert.equal(await second, CYCLE.constraint_name)
})
