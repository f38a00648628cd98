// Acts on several people at once: the preview, each person's outcome, and the same rules as for one person.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { and, asc, eq, sql } from 'drizzle-orm'
import { carryOutBulkAct } from '../../src/bulk-acts/carry-out-bulk-act.ts'
import { auditEvents } from '../../src/platform/db/schema/audit-events.ts'
import { bulkActPeople, bulkActs } from '../../src/platform/db/schema/bulk-acts.ts'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import { outbox } from '../../src/platform/db/schema/outbox.ts'
import { memberships, roleGroups } from '../../src/platform/db/schema/role-groups.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { DAY, MINUTE, SECOND } from '../../src/platform/time/durations.ts'
import { sweepExpired } from '../../workers/sweep-expired.ts'
import type { TestApp } from '../support/app.ts'
import { type Answer, type Browser, fieldsWithProblem } from '../support/browser.ts'
import { ADMIN, ADMIN2, Cast, CHILD_ADMIN, DESK, FOREIGN_ADMIN, TECH } from '../support/cast.ts'
import type { People } from '../support/people.ts'

const REASON = { reason: 'The season is over' }
const ACCOUNT = 'Harbour Group'

let cast: Cast
let app: TestApp
let people: People
let admin: Browser
before(async () => {
  cast = await Cast.assemble([ADMIN, ADMIN2, TECH, CHILD_ADMIN, DESK], [FOREIGN_ADMIN])
  ;({ app, people } = cast)
  admin = cast.as(ADMIN)
})
after(() => app.close())

function select(
  browser: Browser,
  action: string,
  userIds: readonly string[],
  { list = '/users', whom = '' } = {},
): Promise<Answer> {
  const fields = [['action', action], ['whom', whom], ...userIds.map((id) => ['userId', id])] as [
    string,
    string,
  ][]
  return browser.post(`/users/bulk?back=${encodeURIComponent(list)}`, fields)
}

/** The path of the preview. */
async function preview(...selected: Parameters<typeof select>): Promise<string> {
  const answer = await select(...selected)
  assert.equal(answer.status, 303, answer.body)
  assert.match(answer.location ?? '', /^\/users\/bulk\/[0-9a-f-]{36}$/)
  return answer.location ?? ''
}

const idOf = (path: string) => path.split('/').at(-1) ?? ''
const idsOf = (many: readonly { id: string }[]) => many.map(({ id }) => id)

async function outcomesOf(path: string) {
  const rows = await app.deps.db
    .select()
    .from(bulkActPeople)
    .where(eq(bulkActPeople.bulkActId, idOf(path)))
    .orderBy(asc(bulkActPeople.line))
  return rows.map(({ userId, outcome }) => [userId, outcome])
}

async function bulkAct(path: string) {
  const [row] = await app.deps.db
    .select()
    .from(bulkActs)
    .where(eq(bulkActs.id, idOf(path)))
  assert.ok(row)
  return row
}

function eventsIn(path: string) {
  return app.deps.db
    .select()
    .from(auditEvents)
    .where(sql`${auditEvents.details} ->> 'bulkActId' = ${idOf(path)}`)
    .orderBy(asc(auditEvents.id))
}

async function roleGroup(key: string) {
  const [row] = await app.deps.db.select().from(roleGroups).where(eq(roleGroups.key, key))
  assert.ok(row)
  return row
}

async function add(
  many: number,
  keys: readonly string[] = ['tech-operator'],
  status: 'active' | 'invited' = 'active',
  account = ACCOUNT,
) {
  const added = []
  for (let number = 0; number < many; number += 1) added.push(await people.add(account, keys, status))
  return added
}

describe('the preview', () => {
  test('it says what becomes of each selected person, and nothing is done yet', async () => {
    const [plain, gone] = await add(2)
    assert.ok(plain && gone)
    await app.deps.db.update(users).set({ status: 'disabled' }).where(eq(users.id, gone.id))
    const self = await app.userNamed(ADMIN)
    const other = await app.userNamed(ADMIN2)

    const path = await preview(admin, 'disable', [plain.id, gone.id, self.id, other.id, plain.id])

    assert.deepEqual(await outcomesOf(path), [
      [plain.id, null],
      [gone.id, 'already-disabled'],
      [self.id, 'not-oneself'],
      [other.id, 'admins-by-service-desk'],
    ])
    const { body } = await admin.get(path)
    assert.match(body, /1 of 4 people will be disabled/)
    assert.match(body, /Will be disabled/)
    assert.match(body, /This is you\. Ask the Service Desk\./)
    assert.match(body, /An Admin: ask the Service Desk\./)
    assert.match(body, /This account is already disabled\./)
    assert.equal((await people.byId(plain.id)).status, 'active')
    const refused = (await admin.get(`${path}?show=refused`)).body
    assert.doesNotMatch(refused, new RegExp(`data-user-id="${plain.id}"`))
    assert.match(refused, new RegExp(`data-user-id="${self.id}"`))
  })

  test('people of other accounts, unknown and broken ids are not shown, and are on record', async () => {
    const stranger = await app.userNamed(FOREIGN_ADMIN)
    const [plain] = await add(1)
    assert.ok(plain)

    const path = await preview(admin, 'disable', [stranger.id, crypto.randomUUID(), 'x', plain.id])

    assert.deepEqual(await outcomesOf(path), [[plain.id, null]])
    assert.doesNotMatch((await admin.get(path)).body, new RegExp(stranger.name))
    const [event, ...others] = await eventsIn(path)
    assert.deepEqual(others, [])
    assert.equal(event?.outcome, 'refused')
    assert.equal(event?.action, 'user.disabled')
    assert.deepEqual(event?.details, { refusal: 'unknown', people: 3, bulkActId: idOf(path) })
    assert.match((await admin.get('/audit')).body, /was not allowed to disable the account of 3 people\./)
  })

  test('without people or without an act the form comes back and keeps what was selected', async () => {
    const [plain] = await add(1)
    assert.ok(plain)

    const withoutPeople = await select(admin, 'disable', [])
    const withoutAct = await select(admin, '', [plain.id], { list: '/users?role=tech-operator' })

    assert.equal(withoutPeople.status, 422)
    assert.match(withoutPeople.body, /role="alert".*No one is selected\./s)
    assert.equal(withoutAct.status, 422)
    assert.deepEqual(fieldsWithProblem(withoutAct), ['action'])
    assert.match(withoutAct.body, new RegExp(`name="userId" value="${plain.id}"`))
    assert.match(withoutAct.body, /href="\/users\?role=tech-operator"/)
  })

  test('a list of another origin is not kept as the way back', async () => {
    const [plain] = await add(1)
    assert.ok(plain)

    const path = await preview(admin, 'disable', [plain.id], { list: 'https://evil.example/users' })

    assert.equal((await bulkAct(path)).list, '/users')
  })

  test('all on a page and all who match the filters of the list can be selected without naming them', async () => {
    const clientId = await people.clientId('Meridian Foods')
    const managers = await add(55, ['finance-manager'], 'active', 'Meridian Foods')
    const list = '/users?role=finance-manager'
    const foreign = cast.as(FOREIGN_ADMIN)

    const page = await outcomesOf(await preview(foreign, 'disable', [], { list, whom: 'page' }))
    const matching = await outcomesOf(await preview(foreign, 'disable', [], { list, whom: 'matching' }))

    assert.equal(page.length, 50)
    assert.deepEqual(matching.map(([id]) => id).sort(), idsOf(managers).sort())
    assert.equal(await app.deps.db.$count(bulkActs, eq(bulkActs.clientId, clientId)), 1, 'one draft a person')
    const unsound = await select(foreign, 'disable', [], { list: '/users?mfa=nonsense', whom: 'matching' })
    assert.equal(unsound.status, 422, 'filters that make no sense never mean all')
  })

  test('more than 1,000 people are refused, and nothing is stored', async () => {
    const ids = Array.from({ length: 1_001 }, () => crypto.randomUUID())

    const { status, body } = await select(admin, 'disable', ids)

    assert.equal(status, 422)
    assert.match(body, /more than 1,000 people/)
    assert.equal((await select(admin, 'disable', ids.slice(1))).status, 303)
  })
})

describe('the confirmation', () => {
  test('each act is carried out and recorded like a single one, with the id of the bulk act', async () => {
    const many = await add(3)
    const path = await preview(admin, 'disable', idsOf(many), {
      list: '/users?role=tech-operator&sort=status',
    })

    const answer = await admin.post(path, REASON)

    assert.equal(answer.location, path)
    const { body } = await admin.get(path)
    assert.match(body, /3 of 3 people were disabled/)
    assert.match(body, /href="\/users\?role=tech-operator&amp;sort=status">Back to the list/)
    const { id: actorId } = await app.userNamed(ADMIN)
    const events = await eventsIn(path)
    assert.equal(events.length, 3)
    for (const [index, { id }] of many.entries()) {
      assert.equal((await people.byId(id)).status, 'disabled')
      const event = events[index]
      assert.deepEqual(
        [event?.action, event?.outcome, event?.subjectId, event?.actorId],
        ['user.disabled', 'success', id, actorId],
      )
      assert.deepEqual(event?.details, { channel: 'admin', ...REASON, bulkActId: idOf(path) })
      assert.equal(event?.address, '127.0.0.1')
      assert.equal(
        await app.deps.db.$count(notifications, eq(notifications.recipientId, id)),
        1,
        'told by mail',
      )
    }
    assert.equal((await bulkAct(path)).status, 'done')
    assert.equal((await admin.post(path, REASON)).location, path)
    assert.equal((await eventsIn(path)).length, 3, 'repeated, it does nothing')
  })

  test('without the reason that the single act needs nothing is done', async () => {
    const [plain] = await add(1)
    assert.ok(plain)
    const path = await preview(admin, 'disable', [plain.id])

    const answer = await admin.post(path, {})

    assert.equal(answer.status, 422)
    assert.deepEqual(fieldsWithProblem(answer), ['reason'])
    assert.equal((await bulkAct(path)).status, 'draft')
    assert.equal((await people.byId(plain.id)).status, 'active')
  })

  test('a person who changed since the preview is judged again, and the refusal is told and recorded', async () => {
    const [promoted, disabled, plain] = await add(3)
    assert.ok(promoted && disabled && plain)
    const path = await preview(admin, 'disable', [promoted.id, disabled.id, plain.id])
    const { id: adminGroup } = await roleGroup('admin')
    await app.deps.db.insert(memberships).values({ userId: promoted.id, roleGroupId: adminGroup })
    await app.deps.db.update(users).set({ status: 'disabled' }).where(eq(users.id, disabled.id))

    await admin.post(path, REASON)

    assert.deepEqual(await outcomesOf(path), [
      [promoted.id, 'admins-by-service-desk'],
      [disabled.id, 'already-disabled'],
      [plain.id, 'done'],
    ])
    assert.equal((await people.byId(promoted.id)).status, 'active')
    const events = await eventsIn(path)
    assert.deepEqual(
      events.map(({ subjectId, outcome, details }) => [subjectId, outcome, details.refusal]),
      [
        [promoted.id, 'refused', 'admins-by-service-desk'],
        [disabled.id, 'refused', 'already-disabled'],
        [plain.id, 'success', undefined],
      ],
    )
    assert.match((await admin.get(path)).body, /1 of 3 people was disabled/)
  })

  test('a person whom the preview refused is left alone, whatever has changed', async () => {
    const [gone, plain] = await add(2)
    assert.ok(gone && plain)
    await app.deps.db.update(users).set({ status: 'disabled' }).where(eq(users.id, gone.id))
    const path = await preview(admin, 'disable', [gone.id, plain.id])
    await app.deps.db.update(users).set({ status: 'active' }).where(eq(users.id, gone.id))

    await admin.post(path, REASON)

    assert.equal((await people.byId(gone.id)).status, 'active')
    assert.equal((await people.byId(plain.id)).status, 'disabled')
  })
})

describe('who may', () => {
  test('a parent’s Admin and a user who is no Admin get no preview, and the refusal is on record', async () => {
    const child = await app.userNamed('tech@retail.harbour.example')
    const list = `/clients/${child.clientId}/users`

    assert.equal((await select(admin, 'disable', [child.id], { list })).status, 403)
    assert.equal((await select(cast.as(TECH), 'disable', [child.id])).status, 403)

    assert.equal((await people.lastEvent('access', child.clientId))?.details.refusal, 'parents-only-look')
    const own = await preview(admin, 'disable', [child.id])
    assert.deepEqual(await outcomesOf(own), [[child.id, 'parents-only-look']])
  })

  test('another Admin of the account finds no bulk act that is not theirs', async () => {
    const [plain] = await add(1)
    assert.ok(plain)
    const path = await preview(admin, 'disable', [plain.id])

    assert.equal((await cast.as(ADMIN2).get(path)).status, 404)
    assert.equal((await cast.as(ADMIN2).post(path, REASON)).status, 404)
    assert.equal((await people.byId(plain.id)).status, 'active')
  })

  test('the Service Desk acts on people of several accounts with a ticket and a reason', async () => {
    const here = await people.add('Harbour Retail', ['tech-operator'])
    const there = await people.add('Meridian Foods', ['tech-operator'])
    const desk = cast.as(DESK)
    const path = await preview(desk, 'disable', [here.id, there.id], { list: '/service-desk?q=person' })

    assert.deepEqual(fieldsWithProblem(await desk.post(path, REASON)), ['ticket'])
    await desk.post(path, { ...REASON, ticket: 'SD-1' })

    assert.deepEqual(await outcomesOf(path), [
      [here.id, 'done'],
      [there.id, 'done'],
    ])
    assert.match((await desk.get(path)).body, /href="\/service-desk\?q=person">Back to the list/)
    const [event] = await eventsIn(path)
    assert.deepEqual(event?.details, {
      channel: 'service-desk',
      ...REASON,
      ticket: 'SD-1',
      bulkActId: idOf(path),
    })
    assert.equal(event?.clientId, here.clientId)
  })
})

describe('the acts', () => {
  test('a role group is given to and taken from many, and each keeps the others', async () => {
    const [one, two] = await add(2)
    const [both] = await add(1, ['tech-operator', 'finance-operator'])
    assert.ok(one && two && both)

    const give = await preview(admin, 'give-role-group:finance-operator', idsOf([one, two, both]))
    assert.deepEqual(await outcomesOf(give), [
      [one.id, null],
      [two.id, null],
      [both.id, 'held'],
    ])
    // Another Admin gives a further one meanwhile.
    await cast.as(ADMIN2).post(`/users/${one.id}/role-groups`, [
      ['roleGroups', 'tech-operator'],
      ['roleGroups', 'tech-admin'],
    ])
    await admin.post(give, {})
    assert.deepEqual(await people.roleGroupsOf(one.id), ['finance-operator', 'tech-admin', 'tech-operator'])
    assert.deepEqual(await people.roleGroupsOf(two.id), ['finance-operator', 'tech-operator'])

    const take = await preview(admin, 'take-role-group:tech-operator', idsOf([one, two, both]))
    await cast.as(ADMIN2).post(`/users/${two.id}/role-groups`, { roleGroups: 'tech-operator' })
    await admin.post(take, {})
    assert.deepEqual(await outcomesOf(take), [
      [one.id, 'done'],
      [two.id, 'only-role-group'],
      [both.id, 'done'],
    ])
    assert.deepEqual(await people.roleGroupsOf(both.id), ['finance-operator'])
  })

  test('a role group that administers can be neither given nor taken in bulk', async () => {
    const [plain] = await add(1)
    assert.ok(plain)
    for (const action of ['give-role-group:admin', 'take-role-group:admin', 'enable', 'constructor'])
      for (const actor of [ADMIN, DESK])
        assert.equal((await select(cast.as(actor), action, [plain.id])).status, 422, action)
  })

  test('invitations are sent again to those who are invited', async () => {
    const [invited] = await add(1, ['tech-operator'], 'invited')
    const [active] = await add(1)
    assert.ok(invited && active)
    const path = await preview(admin, 'invite-again', [invited.id, active.id])

    await admin.post(path, {})

    assert.deepEqual(await outcomesOf(path), [
      [invited.id, 'done'],
      [active.id, 'not-invited'],
    ])
    assert.equal((await people.invitationsOf(invited.id)).length, 1)
    assert.equal((await people.eventsOf(invited.id, 'invitation.resent')).length, 1)
  })

  test('only people who must still set up MFA are reminded, each at most once a day', async () => {
    const [overdue] = await add(1)
    const [notRequired] = await add(1, ['finance-manager'])
    const enrolled = await app.userNamed(TECH)
    assert.ok(overdue && notRequired)
    const ids = [overdue.id, notRequired.id, enrolled.id]

    const path = await preview(admin, 'remind', ids)
    await admin.post(path, {})

    assert.deepEqual(await outcomesOf(path), [
      [overdue.id, 'done'],
      [notRequired.id, 'not-overdue'],
      [enrolled.id, 'not-overdue'],
    ])
    const isReminder = and(eq(notifications.recipientId, overdue.id), eq(notifications.kind, 'mfa-reminder'))
    assert.equal(await app.deps.db.$count(notifications, isReminder), 1)
    assert.match(
      (await admin.get('/audit')).body,
      new RegExp(`had ${overdue.name} reminded to set up MFA\\.`),
    )
    assert.deepEqual(await outcomesOf(await preview(admin, 'remind', [overdue.id])), [
      [overdue.id, 'reminded-today'],
    ])
  })
})

describe('many people', () => {
  const run = (path: string) => carryOutBulkAct(app.deps, idOf(path), 1_000)

  test('a job carries out a large act, shows its progress, and does nothing when repeated', async () => {
    const many = await add(12)
    const path = await preview(admin, 'disable', idsOf(many))

    await admin.post(path, REASON)
    assert.match((await admin.get(path)).body, /Disabling: 0 of 12 people are done/)
    assert.equal(await carryOutBulkAct(app.deps, idOf(path), 5), true)
    const progress = await admin.get(`${path}/progress`)
    assert.match(progress.body, /data-progress="confirmed"\s+data-watched/)
    assert.match(progress.body, /Disabling: 5 of 12 people are done/)
    assert.equal(await run(path), false)
    assert.match((await admin.get(path)).body, /12 of 12 people were disabled/)
    await run(path)

    assert.equal((await eventsIn(path)).length, 12)
  })

  test('runs at the same time act on each person once', async () => {
    const many = await add(12)
    const path = await preview(admin, 'disable', idsOf(many))
    await admin.post(path, REASON)

    await Promise.all(Array.from({ length: 4 }, () => run(path)))
    await run(path)

    assert.equal((await eventsIn(path)).filter(({ outcome }) => outcome === 'success').length, 12)
    assert.equal((await bulkAct(path)).status, 'done')
  })

  test('a few people are done in the request, and a job waits in case the request dies', async () => {
    const [plain] = await add(1)
    assert.ok(plain)
    const path = await preview(admin, 'disable', [plain.id])
    await admin.post(path, REASON)

    const [job] = await app.deps.db
      .select()
      .from(outbox)
      .where(sql`${outbox.payload} ->> 'bulkActId' = ${idOf(path)}`)

    assert.equal(job?.job, 'carry-out-bulk-act')
    const { confirmedAt } = await bulkAct(path)
    assert.equal((job?.dueAt?.getTime() ?? 0) - (confirmedAt?.getTime() ?? 0), 10 * SECOND)
  })

  test('nothing more is done once the session that confirmed has ended, and the page says so', async () => {
    const many = await add(12)
    const other = cast.as(ADMIN2)
    const path = await preview(other, 'disable', idsOf(many))
    await other.post(path, REASON)
    await carryOutBulkAct(app.deps, idOf(path), 4)

    await other.post('/sign-out')
    await run(path)

    const outcomes = (await outcomesOf(path)).map(([, outcome]) => outcome)
    assert.deepEqual(outcomes, [...Array(4).fill('done'), ...Array(8).fill('signed-out')])
    assert.equal((await bulkAct(path)).status, 'done')
    assert.equal((await people.byId(many[5]?.id ?? '')).status, 'active')
    assert.equal((await eventsIn(path)).filter(({ outcome }) => outcome === 'refused').length, 1)
    assert.match(
      (await (await cast.comeBack(ADMIN2)).get(path)).body,
      /You were signed out while this was under way/,
    )
  })

  test('an Admin who is demoted meanwhile acts on no one more', async () => {
    const many = await add(12)
    const lead = await people.add(ACCOUNT, ['admin'])
    const browser = app.browser()
    browser.secret = await people.enrol(lead.id)
    await browser.signIn(lead.email)
    const path = await preview(browser, 'disable', idsOf(many))
    await browser.post(path, REASON)
    await app.deps.db.delete(memberships).where(eq(memberships.userId, lead.id))
    const { id } = await roleGroup('tech-operator')
    await app.deps.db.insert(memberships).values({ userId: lead.id, roleGroupId: id })

    await run(path)

    assert.deepEqual(
      new Set((await outcomesOf(path)).map(([, outcome]) => outcome)),
      new Set(['admins-only']),
    )
  })

  test('it needs a step-up, which keeps the reason', async () => {
    const [plain] = await add(1)
    assert.ok(plain)
    const path = await preview(admin, 'disable', [plain.id])
    app.clock.advance(11 * MINUTE)

    const asked = await admin.post(path, REASON)
    assert.equal(asked.status, 401)
    assert.match(asked.body, new RegExp(`name="reason" value="${REASON.reason}"`))
    assert.equal((await people.byId(plain.id)).status, 'active')

    assert.equal((await admin.post(path, { ...REASON, presence: admin.nextCode() })).location, path)
    assert.equal((await people.byId(plain.id)).status, 'disabled')
  })

  test('drafts are removed after a day, and what was done after 30', async () => {
    const [one, two] = await add(2)
    assert.ok(one && two)
    const done = await preview(admin, 'disable', [one.id])
    await admin.post(done, REASON)
    const draft = await preview(admin, 'disable', [two.id])
    const left = () => app.deps.db.$count(bulkActs, sql`${bulkActs.id} in (${idOf(done)}, ${idOf(draft)})`)

    await sweepExpired(app.deps)
    assert.equal(await left(), 2)
    app.clock.advance(DAY + MINUTE)
    await sweepExpired(app.deps)
    assert.equal(await left(), 1)
    app.clock.advance(30 * DAY)
    await sweepExpired(app.deps)
    assert.equal(await left(), 0)
  })
})
