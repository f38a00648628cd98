// The list of users as a file: what it holds, who gets it, and that it is on record.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { and, eq } from 'drizzle-orm'
import { auditEvents } from '../../src/platform/db/schema/audit-events.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { readCsv } from '../audit-log/read-csv.ts'
import type { TestApp } from '../support/app.ts'
import { ADMIN, Cast, CHILD_ADMIN, DESK, TECH } from '../support/cast.ts'

let cast: Cast
let app: TestApp

before(async () => {
  cast = await Cast.assemble([ADMIN, CHILD_ADMIN, DESK, TECH], [])
  app = cast.app
})
after(() => app.close())

async function exported(path: string, email = ADMIN) {
  const file = await cast.as(email).get(path)
  assert.equal(file.status, 200)
  return readCsv(file.body)
}
const exports = () => app.deps.db.select().from(auditEvents).where(eq(auditEvents.action, 'users.exported'))

test('the file holds role groups, status and MFA of the users in the list, as filtered and sorted', async () => {
  const [head, ...all] = await exported('/users.csv')
  assert.deepEqual(head?.slice(1, 7), ['name', 'email', 'roleGroups', 'status', 'mfa', 'mfaRequired'])
  assert.equal(all.length, 6)
  const [, theo, ...others] = await exported('/users.csv?mfa=enrolled&role=tech-operator')
  assert.deepEqual(theo?.slice(1, 7), ['Theo Marchetti', TECH, 'Tech Operator', 'active', 'enrolled', 'yes'])
  assert.deepEqual(others, [])
  const names = (rows: string[][]) => rows.slice(1).map(([, name]) => name)
  assert.deepEqual(
    names(await exported('/users.csv?sort=-name')),
    names(await exported('/users.csv')).toReversed(),
  )
})

test('a name that a spreadsheet would calculate is neutralised', async () => {
  await app.deps.db.update(users).set({ name: '=1+1' }).where(eq(users.email, 'support@harbour.example'))

  const rows = await exported('/users.csv?q=support')

  assert.equal(rows[1]?.[1], "'=1+1")
})

test('each export is on record with its filters, and HEAD records nothing', async () => {
  const before = (await exports()).length
  await exported('/users.csv?status=invited')
  await cast.as(ADMIN).request('HEAD', '/users.csv')

  const events = await exports()
  assert.equal(events.length, before + 1)
  assert.deepEqual(events.at(-1)?.details, { format: 'csv', status: 'invited' })
  assert.equal(events.at(-1)?.actorId, (await app.userNamed(ADMIN)).id)
})

test('who may not see the list gets no file: 404 in a parent, 403 for users who are not Admins, 422 for a filter', async () => {
  const group = await cast.people.clientId('Harbour Group')
  const before = (await exports()).length

  assert.equal((await cast.as(CHILD_ADMIN).get(`/clients/${group}/users.csv`)).status, 404)
  assert.equal((await cast.as(TECH).get('/users.csv')).status, 403)
  assert.equal((await cast.as(ADMIN).get('/users.csv?status=maybe')).status, 422)

  assert.equal((await exports()).length, before)
  assert.equal((await exported(`/clients/${group}/users.csv`, DESK)).length, 7)
  const retail = await cast.people.clientId('Harbour Retail')
  assert.equal((await exported(`/clients/${retail}/users.csv`)).length, 3, 'a parent may look')
})

test('a file of many batches holds every user once, and is on record once', async () => {
  const retail = await cast.people.clientId('Harbour Retail')
  await app.database.sql`
    insert into users (client_id, email, name)
    select ${retail}, 'p' || n || '@retail.example', 'Person ' || n from generate_series(1, 1234) n`

  const recorded = () =>
    app.deps.db.$count(
      auditEvents,
      and(eq(auditEvents.action, 'users.exported'), eq(auditEvents.clientId, retail)),
    )
  const before = await recorded()

  const rows = await exported('/users.csv?sort=status', CHILD_ADMIN)

  assert.equal(rows.length, 1 + 1234 + 2)
  assert.equal(new Set(rows.map(([id]) => id)).size, rows.length)
  assert.equal(await recorded(), before + 1)
})

test('a file in the order of statuses ends, and has each person once, where more people are scanned than one request may', async () => {
  const { sql } = app.deps
  await sql`
    with added as (
      insert into users (client_id, email, name, status, password_hash)
      select c.id, 'many' || n || '@harbour.example', 'Many ' || lpad(n::text, 6, '0'), 'active', 'x'
      from clients c, generate_series(1, 20100) n where c.name = 'Harbour Group'
      returning id
    )
    insert into memberships (user_id, role_group_id)
    select added.id, r.id from added, role_groups r where r.key = 'tech-operator'`
  const [row] = await sql`
    select count(*)::int as people from users u join clients c on c.id = u.client_id where c.name = 'Harbour Group'`

  const [, ...people] = await exported('/users.csv?sort=status')

  assert.equal(people.length, row?.people)
  assert.equal(new Set(people.map(([id]) => id)).size, people.length)
})
