// A requirement that begins later: who is told, what holds until then, and what the gate does at the instant.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { and, eq } from 'drizzle-orm'
import { startMfaRequirement } from '../../src/mfa-policy/start-mfa-requirement.ts'
import { tellOfMfaStart } from '../../src/mfa-policy/tell-of-mfa-start.ts'
import { auditEvents } from '../../src/platform/db/schema/audit-events.ts'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import { outbox } from '../../src/platform/db/schema/outbox.ts'
import { mfaPolicies, roleGroups } from '../../src/platform/db/schema/role-groups.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { JOB_PAYLOADS } from '../../src/platform/outbox/jobs.ts'
import { DAY, MINUTE } from '../../src/platform/time/durations.ts'
import type { TestApp } from '../support/app.ts'
import { DEMO_PASSWORD, type Fields, fieldsWithProblem, problemOf } from '../support/browser.ts'
import { ADMIN, ADMIN2, Cast, DESK, FINANCE, TECH } from '../support/cast.ts'

const SUPPORT = 'support@harbour.example'
const HELD = ['admin', 'tech-operator']
const WITH_FINANCE = [...HELD, 'finance-manager']
const EVIDENCE: [string, string][] = [
  ['ticket', 'SD-4711'],
  ['reason', 'Asked for by their board'],
]

let cast: Cast
let app: TestApp
let clientId: string
let policyPath: string

before(async () => {
  cast = await Cast.assemble([ADMIN, ADMIN2, TECH, DESK], [FINANCE, SUPPORT])
  app = cast.app
  clientId = await cast.people.clientId('Harbour Group')
  policyPath = `/clients/${clientId}/mfa-policy`
})
after(() => app.close())

beforeEach(async () => {
  const { db } = app.deps
  await db.delete(mfaPolicies).where(eq(mfaPolicies.clientId, clientId))
  for (const { key, id: roleGroupId } of await db.select().from(roleGroups))
    if (HELD.includes(key)) await db.insert(mfaPolicies).values({ clientId, roleGroupId })
  await db.delete(outbox)
  await db.delete(notifications)
  for (const email of [ADMIN, DESK, FINANCE]) await cast.comeBack(email)
})

const inMs = (ms: number) => new Date(app.clock.now().getTime() + ms)

function reviewOf(email: string, keys: readonly string[], more: readonly [string, string][]) {
  const query = new URLSearchParams([...keys.map((key): [string, string] => ['roleGroups', key]), ...more])
  return cast.as(email).get(`${policyPath}/review?${query}`)
}

function save(email: string, keys: readonly string[], more: [string, string][] = []) {
  const fields: Fields = [...keys.map((key): [string, string] => ['roleGroups', key]), ...more]
  return cast.as(email).post(policyPath, fields)
}

/** An Admin requires MFA of Finance Managers from a time on. */
async function plan(startsAt: Date): Promise<void> {
  const answer = await save(ADMIN, WITH_FINANCE, [['startsAt', startsAt.toISOString()]])
  assert.equal(answer.status, 303, answer.body)
}

const startOf = async (key: string) => {
  const [row] = await app.deps.db
    .select({ startsAt: mfaPolicies.startsAt })
    .from(mfaPolicies)
    .innerJoin(roleGroups, eq(roleGroups.id, mfaPolicies.roleGroupId))
    .where(and(eq(mfaPolicies.clientId, clientId), eq(roleGroups.key, key)))
  return row && (row.startsAt ?? 'at once')
}

const queued = (job: string) => app.deps.db.select().from(outbox).where(eq(outbox.job, job))

async function tellPeople(): Promise<string[]> {
  for (const { payload } of await queued('tell-of-mfa-start'))
    await app.deps.db.transaction((tx) =>
      tellOfMfaStart(tx, JOB_PAYLOADS['tell-of-mfa-start'].parse(payload), app.clock.now()),
    )
  const rows = await app.deps.db
    .select({ email: users.email })
    .from(notifications)
    .innerJoin(users, eq(users.id, notifications.recipientId))
    .where(eq(notifications.kind, 'mfa-required-from'))
  return rows.map(({ email }) => email).toSorted()
}

describe('planning', () => {
  test('an Admin requires MFA from a time on: it is stored, recorded, mailed to the Admins and queued for that time', async () => {
    const startsAt = inMs(9 * DAY)
    cast.as(ADMIN).cookies.set('zone', 'Europe/Berlin')
    const local = new Date(startsAt.getTime() + 60 * MINUTE).toISOString().slice(0, 16)
    const answer = await save(ADMIN, WITH_FINANCE, [['startsAt', local]])

    assert.equal(answer.status, 303)
    const minute = new Date(`${startsAt.toISOString().slice(0, 16)}Z`)
    assert.deepEqual(await startOf('finance-manager'), minute)
    assert.equal(await startOf('admin'), 'at once')
    const event = await cast.people.lastEvent('mfa-policy.changed', clientId)
    const details = {
      added: ['finance-manager'],
      removed: [],
      startsAt: minute.toISOString(),
      channel: 'admin',
    }
    assert.deepEqual(event?.details, details)
    const [job] = await queued('start-mfa-requirement')
    assert.deepEqual([job?.dueAt, job?.payload], [minute, { clientId }])
    assert.deepEqual(await queued('end-grants'), [])
    const [mail] = await app.deps.db
      .select()
      .from(notifications)
      .where(eq(notifications.kind, 'mfa-policy-changed'))
    assert.deepEqual(mail?.facts, { added: 'Finance Manager', removed: '', startsAt: minute.toISOString() })
    const page = (await cast.as(ADMIN).get('/mfa-policy')).body
    assert.match(page, /data-role-group="finance-manager" data-requires-mfa="later"/)
    assert.match(page, /from <time[^>]*>11 Mar 2026, 10:\d\d CET/)
    const home = (await cast.as(ADMIN).get('/')).body
    assert.match(
      home,
      /From 11 Mar 2026, 10:\d\d CET MFA is required of Finance Manager: \d+ (person|people) must/,
    )
    const log = (await cast.as(ADMIN).get('/audit?action=mfa-policy.changed')).body
    assert.match(log, /required MFA of Finance Manager from 11 Mar 2026, 09:\d\d UTC\./)
    cast.as(ADMIN).cookies.delete('zone')
  })

  test('those who will need it are told by mail at once, and no others', async () => {
    const finance = ['finance-manager']
    const inactive = ['invited', 'disabled', 'withdrawn'] as const
    for (const status of inactive) await cast.people.add('Harbour Group', finance, status)
    const enrolled = await cast.people.add('Harbour Group', finance)
    await cast.people.enrol(enrolled.id)
    await cast.people.add('Harbour Group', [...finance, 'tech-operator'])
    await cast.people.add('Harbour Retail', finance)
    await plan(inMs(9 * DAY))

    assert.deepEqual(await tellPeople(), [FINANCE])
    assert.deepEqual(await tellPeople(), [FINANCE, FINANCE], 'what the outbox runs once is told once')
  })

  test('a start that another change has replaced is told to no one', async () => {
    await plan(inMs(9 * DAY))
    const stale = await queued('tell-of-mfa-start')
    await save(ADMIN, WITH_FINANCE, [
      ['changeStart', 'finance-manager'],
      ['startsAt', inMs(5 * DAY).toISOString()],
    ])
    for (const { id } of stale) await app.deps.db.delete(outbox).where(eq(outbox.id, id))
    const fresh = await queued('tell-of-mfa-start')
    await app.deps.db.delete(outbox).where(eq(outbox.job, 'tell-of-mfa-start'))

    await app.deps.db.insert(outbox).values(stale)
    assert.deepEqual(await tellPeople(), [])
    await app.deps.db.insert(outbox).values(fresh)
    assert.deepEqual(await tellPeople(), [FINANCE])
  })

  test('a start that has passed, is too far ahead or no time is named beside its field, and nothing is lost or saved', async () => {
    for (const [startsAt, problem] of [
      [inMs(-1).toISOString(), /has passed/],
      [inMs(90 * DAY + 1).toISOString(), /next 90 days/],
      ['soon', /date and a time/],
    ] as const) {
      for (const answer of [
        await save(ADMIN, WITH_FINANCE, [['startsAt', startsAt]]),
        await reviewOf(ADMIN, WITH_FINANCE, [['startsAt', startsAt]]),
      ]) {
        assert.equal(answer.status, 422)
        assert.deepEqual(fieldsWithProblem(answer), ['startsAt'])
        assert.match(problemOf(answer, 'startsAt'), problem)
        assert.match(answer.body, /name="roleGroups" value="finance-manager" checked/)
      }
    }
    assert.match((await save(ADMIN, WITH_FINANCE, [['startsAt', 'soon']])).body, /value="soon"/)
    assert.equal(await startOf('finance-manager'), undefined)
  })

  test('the review says what happens when, and saves the very instant that it showed', async () => {
    cast.as(ADMIN).cookies.set('zone', 'Europe/Berlin')
    const { body } = await reviewOf(ADMIN, WITH_FINANCE, [['startsAt', '2026-04-01T09:00']])
    cast.as(ADMIN).cookies.delete('zone')

    assert.match(body, /required of <strong>Finance Manager<\/strong> from <time[^>]*>1 Apr 2026, 09:00 CEST/)
    assert.match(body, /Until 1 Apr 2026, 09:00 CEST they sign in as before/)
    assert.match(body, /name="startsAt" value="2026-04-01T07:00:00.000Z"/)
  })
})

describe('until the start, and at it', () => {
  test('a millisecond before the start a session goes on, and at the start it leads to enrolment, though no job has run', async () => {
    await plan(inMs(8 * MINUTE))
    const [start] = await queued('start-mfa-requirement')
    assert.ok(start?.dueAt)
    const fiona = await cast.comeBack(FINANCE)

    app.clock.advance(start.dueAt.getTime() - app.clock.now().getTime() - 1)
    assert.equal((await fiona.get('/')).status, 200)
    app.clock.advance(1)
    assert.deepEqual(await fiona.get('/').then(({ status, location }) => [status, location]), [
      303,
      '/mfa/enrol',
    ])
    assert.equal((await fiona.get('/account', { 'HX-Request': 'true' })).location, '/mfa/enrol')
    assert.match((await fiona.get('/mfa/enrol')).body, /Harbour Group now requires MFA for Finance Manager/)
  })

  test('a session with an older password is told at the start why it ended, and signing in leads to enrolment', async () => {
    await plan(inMs(15 * MINUTE))
    const fiona = await cast.comeBack(FINANCE)
    app.clock.advance(11 * MINUTE)
    assert.equal((await fiona.get('/')).status, 200)
    app.clock.advance(4 * MINUTE)

    const { location } = await fiona.get('/')
    assert.match(location ?? '', /^\/sign-in/)
    assert.match((await fiona.get(location ?? '')).body, /Harbour Group now requires MFA for Finance Manager/)
    assert.equal((await fiona.signInWithPassword(FINANCE)).location, '/mfa/enrol')
  })

  test('every page of the dashboard tells a person concerned of the start, and leads to setting it up', async () => {
    await plan(inMs(9 * DAY))
    const fiona = cast.as(FINANCE)
    for (const path of ['/', '/account', '/account/authenticator']) {
      const { status, body } = await fiona.get(path)
      assert.equal(status, 200)
      assert.match(
        body,
        /data-mfa-ahead>.*From <time[^>]*>11 Mar 2026.*Harbour Group requires MFA for Finance Manager/s,
      )
      assert.match(body, /<a href="\/account\/authenticator">Set it up now/)
    }
    for (const email of [SUPPORT, ADMIN]) {
      await cast.comeBack(email)
      assert.doesNotMatch((await cast.as(email).get('/')).body, /data-mfa-ahead/, email)
    }
  })

  test('the list of people who lack MFA, its figure and Home change at the instant, not before', async () => {
    const figures = async () => {
      const admin = await cast.comeBack(ADMIN)
      const { body } = await admin.get('/users?mfa=required-missing')
      const row = /id="user-[^"]*"[^>]*>(?:(?!<\/tr>).)*Fiona Gallagher(?:(?!<\/tr>).)*/s.exec(body)?.[0]
      const [, shown] = /Filters: (\d+) of/.exec(body) ?? []
      const [, home] = /(\d+) (?:person|people) must still set up MFA/.exec((await admin.get('/')).body) ?? []
      return { isListed: row !== undefined, shown: Number(shown), home: Number(home) }
    }
    await plan(inMs(8 * MINUTE))
    const before = await figures()
    assert.equal(before.isListed, false)
    assert.equal(before.shown, before.home)

    app.clock.advance(8 * MINUTE)
    const now = await figures()
    assert.equal(now.isListed, true)
    assert.equal(now.shown, now.home)
    assert.ok(now.shown > before.shown)
  })

  test('a user who was invited before the start was set becomes active with a password until then, and must enrol after it', async () => {
    const early = await invite()
    const late = await invite()
    await plan(inMs(8 * MINUTE))

    await activate(early)
    assert.equal((await app.userNamed(early)).status, 'active')
    await cast.comeBack(ADMIN)
    app.clock.advance(8 * MINUTE)
    assert.equal((await activate(late)).location, '/mfa/enrol')
    assert.equal((await app.userNamed(late)).status, 'invited')
  })

  test('a person told of the start may enrol at once, and is asked for a code from then on', async () => {
    const { email } = await cast.people.add('Harbour Group', ['finance-manager'])
    await plan(inMs(9 * DAY))
    const browser = app.browser()
    await browser.signInWithPassword(email)

    assert.equal((await browser.get('/account/authenticator')).status, 200)
    await cast.people.enrol((await app.userNamed(email)).id)
    assert.equal((await app.browser().signInWithPassword(email)).location, '/mfa/verify')
  })
})

let invited = 0
async function invite(): Promise<string> {
  invited += 1
  const email = `late${invited}@harbour.example`
  const fields = { email, name: 'Rita', roleGroups: 'finance-manager' }
  assert.equal((await cast.as(ADMIN).post('/users', fields)).status, 303)
  return email
}

async function activate(email: string) {
  const link = await cast.people.invitationLink(email)
  return app.browser().post(link, { password: DEMO_PASSWORD })
}

describe('changing a start', () => {
  test('an Admin moves a start forward, and to at once', async () => {
    await plan(inMs(9 * DAY))
    const sooner = inMs(3 * DAY)
    const change: [string, string][] = [['changeStart', 'finance-manager']]

    await save(ADMIN, WITH_FINANCE, [...change, ['startsAt', sooner.toISOString()]])
    assert.deepEqual(await startOf('finance-manager'), sooner)
    await save(ADMIN, WITH_FINANCE, change)
    assert.equal(await startOf('finance-manager'), 'at once')
    assert.equal((await cast.as(FINANCE).get('/')).location, '/mfa/enrol')
    assert.equal((await queued('end-grants')).length, 1)
    const event = await cast.people.lastEvent('mfa-policy.changed', clientId)
    assert.deepEqual(event?.details, { added: [], removed: [], moved: ['finance-manager'], channel: 'admin' })
  })

  test('an Admin cannot postpone a start, nor what has begun, nor take out what has not, and each attempt is recorded', async () => {
    const startsAt = inMs(3 * DAY)
    await plan(startsAt)
    const later: [string, string] = ['startsAt', inMs(9 * DAY).toISOString()]
    const attempts: [string[], [string, string][]][] = [
      [WITH_FINANCE, [['changeStart', 'finance-manager'], later]],
      [WITH_FINANCE, [['changeStart', 'tech-operator'], later]],
      [HELD, []],
    ]
    for (const [keys, fields] of attempts) {
      assert.equal((await save(ADMIN, keys, fields)).status, 403)
      const event = await cast.people.lastEvent('mfa-policy.changed', clientId)
      assert.deepEqual(event?.details, { refusal: 'loosened-by-service-desk' })
      assert.equal((await reviewOf(ADMIN, keys, fields)).status, 403)
    }
    assert.deepEqual(await startOf('finance-manager'), startsAt)
    assert.equal(await startOf('tech-operator'), 'at once')
  })

  test('the Service Desk postpones with ticket and reason, also what has begun: the gate follows at the next request', async () => {
    await save(ADMIN, WITH_FINANCE)
    assert.equal((await cast.as(FINANCE).get('/')).location, '/mfa/enrol')
    const later = inMs(9 * DAY)
    const fields: [string, string][] = [
      ['changeStart', 'finance-manager'],
      ['startsAt', later.toISOString()],
    ]
    assert.deepEqual(fieldsWithProblem(await save(DESK, WITH_FINANCE, fields)), ['ticket', 'reason'])

    assert.equal((await save(DESK, WITH_FINANCE, [...fields, ...EVIDENCE])).status, 303)
    assert.deepEqual(await startOf('finance-manager'), later)
    assert.equal((await cast.as(FINANCE).get('/')).status, 200)
  })

  test('with a switch that was on already, a start changes nothing', async () => {
    assert.equal((await save(ADMIN, HELD, [['startsAt', inMs(9 * DAY).toISOString()]])).status, 303)

    assert.equal(await startOf('tech-operator'), 'at once')
    assert.deepEqual(await queued('start-mfa-requirement'), [])
  })
})

describe('the job at the start', () => {
  const run = () => app.deps.db.transaction((tx) => startMfaRequirement(tx, clientId, app.clock))
  const recorded = () =>
    app.deps.db
      .select()
      .from(auditEvents)
      .where(and(eq(auditEvents.action, 'mfa-policy.started'), eq(auditEvents.clientId, clientId)))

  test('a job that is early is put back, one that is late records the start once, however many run at once', async () => {
    const startsAt = inMs(9 * DAY)
    await plan(startsAt)
    assert.deepEqual(await run(), { again: startsAt })
    assert.equal((await recorded()).length, 0)
    app.clock.advance(9 * DAY + 60 * MINUTE)

    await Promise.all(Array.from({ length: 8 }, run))
    assert.equal(await run(), null)

    const [event, ...others] = await recorded()
    assert.deepEqual(event?.details, { added: ['finance-manager'] })
    assert.deepEqual(others, [])
    assert.equal((await queued('end-grants')).length, 1)
    await cast.comeBack(ADMIN)
    const log = (await cast.as(ADMIN).get('/audit?action=mfa-policy.started')).body
    assert.match(log, /The requirement of MFA for Finance Manager began\./)
  })

  test('the job of a start that was postponed records nothing until then', async () => {
    await plan(inMs(DAY))
    const later = inMs(2 * DAY)
    await save(DESK, WITH_FINANCE, [
      ['changeStart', 'finance-manager'],
      ['startsAt', later.toISOString()],
      ...EVIDENCE,
    ])
    const before = (await recorded()).length
    app.clock.advance(DAY)

    assert.deepEqual(await run(), { again: later })
    assert.equal((await recorded()).length, before)
  })
})
