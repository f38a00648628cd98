// Commands of one user run one after another, so that they cannot take every connection of the pool.
import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { eq } from 'drizzle-orm'
import { users } from '../../src/platform/db/schema/users.ts'
import { awaitWaiters } from '../support/await-waiters.ts'
import { ADMIN, Cast, DESK, EVIDENCE } from '../support/cast.ts'
import { eventually } from '../support/eventually.ts'

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

test('30 forms without fields of one user at once hold one connection as well', async () => {
  const { app, people } = cast
  const admin = await app.userNamed(ADMIN)
  const other = await people.add('Meridian Foods', ['tech-operator'])
  let forms: Promise<number[]> | undefined

  await app.deps.sql.begin(async (holder) => {
    await holder`select 1 from users where id = ${admin.id} for update`
    const restart = async () => (await cast.as(ADMIN).post('/account/authenticator/restart')).status
    forms = Promise.all(Array.from({ length: COMMANDS }, restart))
    await awaitWaiters(app.deps.sql, 1)
    assert.equal((await cast.as(DESK).post(`/users/${other.id}/disable`, EVIDENCE)).status, 303)
    await awaitWaiters(app.deps.sql, 1)
  })

  assert.deepEqual(new Set(await forms), new Set([303]))
})

test('a command whose answer is not read, on a connection that is cut later, does not block the turn of its user', async () => {
  const [first, second, third] = [await addTarget(), await addTarget(), await addTarget()]
  const socket = open()
  socket.pause()
  // More than the connection holds, so that the answer of the command waits behind it.
  const unread = `GET /static/htmx.min.js HTTP/1.1\r\nHost: ${new URL(cast.app.origin).host}\r\n\r\n`
  socket.write(unread.repeat(150) + disablingAsText(first))
  await eventually('the command is done', async () => (await cast.people.byId(first)).status === 'disabled')

  assert.equal((await cast.as(ADMIN).post(`/users/${second}/disable`, EVIDENCE)).status, 303)
  socket.destroy()
  assert.equal((await cast.as(ADMIN).post(`/users/${third}/disable`, EVIDENCE)).status, 303)
})

test('a command whose client has left keeps its turn until it ends', async () => {
  const { app, people } = cast
  const admin = await app.userNamed(ADMIN)
  const [left, next] = [await addTarget(), await addTarget()]
  const other = await people.add('Meridian Foods', ['tech-operator'])
  let answer: Promise<{ status: number }> | undefined

  await app.deps.sql.begin(async (holder) => {
    await holder`select 1 from users where id = ${admin.id} for update`
    const socket = open()
    socket.write(disablingAsText(left))
    await awaitWaiters(app.deps.sql, 1)
    socket.destroy()
    answer = cast.as(ADMIN).post(`/users/${next}/disable`, EVIDENCE)
    assert.equal((await cast.as(DESK).post(`/users/${other.id}/disable`, EVIDENCE)).status, 303)
    await awaitWaiters(app.deps.sql, 1)
  })

  assert.equal((await answer)?.status, 303)
  assert.deepEqual(
    [(await people.byId(left)).status, (await people.byId(next)).status],
    Array(2).fill('disabled'),
  )
})

async function addTarget(): Promise<string> {
  return (await cast.people.add('Harbour Group', ['tech-operator'])).id
}

function open(): Socket {
  const { hostname, port } = new URL(cast.app.origin)
  return connect(Number(port), hostname).on('error', () => {})
}

/** The request in which the Admin disables a user. */
function disablingAsText(userId: string): string {
  const cookie = [...cast.as(ADMIN).cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const body = new URLSearchParams(EVIDENCE).toString()
  return [
    `POST /users/${userId}/disable HTTP/1.1`,
    `Host: ${new URL(cast.app.origin).host}`,
    `Cookie: ${cookie}`,
    'Sec-Fetch-Site: same-origin',
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n')
}
