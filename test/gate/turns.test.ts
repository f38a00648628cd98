// Commands of one user run one after another, so that they cannot take every connection of the pool.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { eq } from 'drizzle-orm'
import { users } from '../../src/platform/db/schema/users.ts'
import { awaitWaiters } from '../support/await-waiters.ts'
import { ADMIN, Cast, DESK, EVIDENCE } from '../support/cast.ts'

const COMMANDS = 30

let cast: Cast
before(async () => {
  cast = await Cast.assemble([ADMIN, DESK], [])
})
after(() => cast.app.close())

test('30 commands of one user at once hold one connection, and another user is served meanwhile', async () => {
  const { app, people } = cast
  const admin = await app.userNamed(ADMIN)
  const targets: { id: string }[] = []
  for (let number = 0; number < COMMANDS; number += 1)
    targets.push(await people.add('Harbour Group', ['tech-operator']))
  const other = await people.add('Meridian Foods', ['tech-operator'])
  let commands: Promise<number[]> | undefined

  await app.deps.sql.begin(async (holder) => {
    await holder`select 1 from users where id = ${admin.id} for update`
    commands = Promise.all(
      targets.map(async ({ id }) => (await cast.as(ADMIN).post(`/users/${id}/disable`, EVIDENCE)).status),
    )
    await awaitWaiters(app.deps.sql, 1)
    const answer = await cast.as(DESK).post(`/users/${other.id}/disable`, EVIDENCE)

    assert.equal(answer.status, 303)
    await awaitWaiters(app.deps.sql, 1)
  })

  assert.deepEqual(new Set(await commands), new Set([303]))
  assert.equal(await app.deps.db.$count(users, eq(users.status, 'disabled')), COMMANDS + 1)
})
