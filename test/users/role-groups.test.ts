// Running a client account: changing role groups.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { eq } from 'drizzle-orm'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import type { TestApp } from '../support/app.ts'
import { type Fields, problemOf } from '../support/browser.ts'
import { ADMIN, Cast, DESK, DESK2 } from '../support/cast.ts'
import type { People } from '../support/people.ts'

const EVIDENCE = { reason: 'Asked for in person', ticket: 'SD-4711' }

let cast: Cast
let app: TestApp
let people: People
before(async () => {
  cast = await Cast.assemble([ADMIN, DESK, DESK2], [])
  ;({ app, people } = cast)
})
after(() => app.close())

describe('changing role groups', () => {
  test('a change of role groups takes effect at the next request of open sessions, is recorded and mailed', async () => {
    const user = await people.add('Harbour Group', ['finance-operator'])
    const browser = app.browser()
    await browser.signInWithPassword(user.email)
    assert.equal((await browser.get('/')).status, 200)

    const answer = await cast.as(ADMIN).post(`/users/${user.id}/role-groups`, [
      ['roleGroups', 'tech-operator'],
      ['roleGroups', 'finance-manager'],
    ])

    assert.deepEqual([answer.status, answer.location], [303, `/users/${user.id}`])
    assert.deepEqual(await people.roleGroupsOf(user.id), ['finance-manager', 'tech-operator'])
    assert.equal((await browser.get('/')).location, '/mfa/enrol', 'a role group of theirs requires MFA now')
    const [event] = await people.eventsOf(user.id, 'user.role-groups-changed')
    assert.deepEqual(event?.details, {
      given: 'Finance Manager, Tech Operator',
      taken: 'Finance Operator',
      channel: 'admin',
    })
    const [mail] = await app.deps.db
      .select()
      .from(notifications)
      .where(eq(notifications.eventId, event?.id ?? ''))
    assert.deepEqual(
      [mail?.recipientId, mail?.kind, mail?.facts],
      [user.id, 'role-groups-changed', { roleGroups: 'Finance Manager, Tech Operator' }],
    )
  })

  test('a user who is only invited gets no mail about their role groups', async () => {
    const user = await people.add('Harbour Group', ['finance-operator'], 'invited')

    await cast.as(ADMIN).post(`/users/${user.id}/role-groups`, { roleGroups: 'tech-operator' })

    assert.deepEqual(await people.roleGroupsOf(user.id), ['tech-operator'])
    assert.equal(await app.deps.db.$count(notifications, eq(notifications.recipientId, user.id)), 0)
  })

  test('the same set of role groups again changes nothing and is no event', async () => {
    const user = await people.add('Harbour Group', ['finance-operator'])

    const answer = await cast
      .as(ADMIN)
      .post(`/users/${user.id}/role-groups`, { roleGroups: 'finance-operator' })

    assert.equal(answer.status, 303)
    assert.deepEqual(await people.eventsOf(user.id, 'user.role-groups-changed'), [])
  })

  test('no user is left without a role group', async () => {
    const user = await people.add('Harbour Group', ['finance-operator'])
    for (const fields of [{}, { roleGroups: '' }, { roleGroups: 'nonsense' }] as Fields[]) {
      const answer = await cast.as(ADMIN).post(`/users/${user.id}/role-groups`, fields)
      assert.equal(answer.status, 422)
      assert.notEqual(problemOf(answer, 'roleGroups'), '')
    }
    assert.deepEqual(await people.roleGroupsOf(user.id), ['finance-operator'])
  })

  test('an Admin never makes a user Admin, and the Service Desk does with ticket, reason and a second agent’s approval', async () => {
    const user = await people.add('Harbour Group', ['finance-operator'])
    const toAdmin: Fields = [
      ['roleGroups', 'admin'],
      ['roleGroups', 'finance-operator'],
    ]
    assert.equal((await cast.as(ADMIN).post(`/users/${user.id}/role-groups`, toAdmin)).status, 403)
    const [refused] = await people.eventsOf(user.id, 'user.role-groups-changed')
    assert.deepEqual(
      [refused?.outcome, refused?.details],
      ['refused', { refusal: 'granted-by-service-desk' }],
    )

    assert.equal((await cast.as(DESK).post(`/users/${user.id}/role-groups`, toAdmin)).status, 422)
    const withEvidence = [...toAdmin, ...Object.entries(EVIDENCE)] as [string, string][]
    assert.equal((await cast.as(DESK).post(`/users/${user.id}/role-groups`, withEvidence)).status, 303)
    assert.deepEqual(await people.roleGroupsOf(user.id), ['finance-operator'], 'not yet')
    assert.equal((await cast.decide(DESK2)).status, 303)

    assert.deepEqual(await people.roleGroupsOf(user.id), ['admin', 'finance-operator'])
    assert.equal(
      (await cast.as(ADMIN).post(`/users/${user.id}/role-groups`, { roleGroups: 'finance-operator' })).status,
      403,
      '‘demote, then reset’ is no way round',
    )
    const demoted = await cast.as(DESK).post(`/users/${user.id}/role-groups`, {
      roleGroups: 'finance-operator',
      ...EVIDENCE,
    })
    assert.equal(demoted.status, 303)
    assert.deepEqual(await people.roleGroupsOf(user.id), ['finance-operator'])
  })

  test('an Admin neither gives nor takes a role group above their own rank, which may stay', async () => {
    await app.database.sql`
      insert into role_groups (key, name, rank) values ('owner', 'Owner', 120) on conflict do nothing`
    const user = await people.add('Harbour Group', ['owner', 'finance-operator'])
    const set = (...keys: string[]) =>
      cast.as(ADMIN).post(
        `/users/${user.id}/role-groups`,
        keys.map((key): [string, string] => ['roleGroups', key]),
      )

    assert.equal((await set('finance-operator')).status, 403)
    assert.match(
      (await cast.as(ADMIN).get(`/users/${user.id}/role-groups`)).body,
      /type="hidden" name="roleGroups" value="owner"/,
    )
    assert.equal((await set('owner', 'finance-manager')).status, 303)
    assert.deepEqual(await people.roleGroupsOf(user.id), ['finance-manager', 'owner'])
    const other = await people.add('Harbour Group', ['finance-operator'])
    assert.equal(
      (await cast.as(ADMIN).post(`/users/${other.id}/role-groups`, { roleGroups: 'owner' })).status,
      403,
    )
  })
})
