// Running a client account: people. Inviting, sending again, withdrawing, role groups, disabling and enabling.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { and, desc, eq, sql } from 'drizzle-orm'
import { auditEvents } from '../../src/db/schema/audit-events.ts'
import { notifications } from '../../src/db/schema/notifications.ts'
import { outbox } from '../../src/db/schema/outbox.ts'
import { sessions } from '../../src/db/schema/sessions.ts'
import { users } from '../../src/db/schema/users.ts'
import { DAY, MINUTE } from '../../src/durations.ts'
import { startApp, type TestApp } from '../support/app.ts'
import type { Answer, Browser, Fields } from '../support/browser.ts'
import { People, type Status } from '../support/people.ts'

const ADMIN = 'admin@harbour.example'
const ADMIN2 = 'admin2@harbour.example'
const TECH = 'tech@harbour.example'
const CHILD_ADMIN = 'admin@retail.harbour.example'
const FOREIGN_ADMIN = 'admin@meridian.example'
const DESK = 'desk@platform.example'
const DESK2 = 'desk2@platform.example'
const OPERATOR = 'operator@platform.example'
const NEW_PASSWORD = 'seven green lanterns in fog'
const EVIDENCE = { reason: 'Asked for in person', ticket: 'SD-4711' }

let app: TestApp
let people: People
const signedIn = new Map<string, Browser>()

before(async () => {
  app = await startApp({ ADDRESS_ATTEMPTS: '100000' })
  people = new People(app)
  for (const email of [ADMIN, ADMIN2, TECH, CHILD_ADMIN, DESK, DESK2, OPERATOR]) {
    const browser = app.browser()
    await browser.enrolAndSignIn(email)
    signedIn.set(email, browser)
  }
  const foreign = app.browser()
  await foreign.signInWithPassword(FOREIGN_ADMIN)
  signedIn.set(FOREIGN_ADMIN, foreign)
})
after(() => app.close())

function as(email: string): Browser {
  const browser = signedIn.get(email)
  assert.ok(browser, email)
  return browser
}

/** Whoever has been away longer than a session lasts signs in again. */
async function comeBack(email: string): Promise<Browser> {
  const browser = as(email)
  await browser.post('/sign-out')
  await browser.signIn(email)
  return browser
}

let invited = 0
function newcomer(fields: Record<string, string> = {}): Record<string, string> {
  invited += 1
  return {
    email: `new${invited}@harbour.example`,
    name: `Newcomer ${invited}`,
    roleGroups: 'finance-operator',
    ...fields,
  }
}

function problemOf(answer: Answer, field: string): string {
  const [, problem] =
    new RegExp(`id="${field}-problem"[^>]*>.*?<span>(.*?)</span>`, 's').exec(answer.body) ?? []
  return problem ?? ''
}

async function lastEvent(action: string) {
  const [event] = await app.deps.db
    .select()
    .from(auditEvents)
    .where(eq(auditEvents.action, action))
    .orderBy(desc(auditEvents.id))
    .limit(1)
  return event
}

describe('what was just done', () => {
  test('is said on the page that follows, with a way to the person', async () => {
    const fields = newcomer({ name: 'Greta Greeted' })
    const admin = as(ADMIN)
    await admin.post('/users', fields)
    const { id } = await app.userNamed(fields.email ?? '')

    const { body } = await admin.get('/users')

    assert.match(body, new RegExp(`The invitation of Greta Greeted is on its way.*href="/users/${id}"`))
    await admin.post(`/users/${id}/role-groups`, { roleGroups: 'tech-operator' })
    assert.match((await admin.get(`/users/${id}`)).body, /The role groups of Greta Greeted are saved\./)
    assert.doesNotMatch(
      (await admin.get(`/users/${(await app.userNamed(ADMIN2)).id}`)).body,
      /role="status" tabindex/,
    )
  })

  test('is never said of somebody of another account, or in words that are not ours', async () => {
    const admin = as(ADMIN)
    const stranger = await app.userNamed(FOREIGN_ADMIN)
    const own = await app.userNamed(ADMIN2)

    for (const forged of [`disabled.${stranger.id}`, `hello-world.${own.id}`, `constructor.${own.id}`]) {
      admin.cookies.set('notice', forged)
      const { status, body } = await admin.get('/users')
      assert.equal(status, 200)
      assert.doesNotMatch(body, /role="status" tabindex/, forged)
    }
    admin.cookies.delete('notice')
  })
})

describe('inviting', () => {
  test('an Admin invites somebody, who chooses a password, enrols if the role group requires it, and is active', async () => {
    const fields = newcomer({ email: ' New.Person@Harbour.example ', roleGroups: 'tech-operator' })

    const answer = await as(ADMIN).post('/users', fields)

    assert.equal(answer.status, 303)
    assert.equal(answer.location, '/users')
    const user = await app.userNamed('new.person@harbour.example')
    assert.equal(user.status, 'invited')
    assert.deepEqual(await people.roleGroupsOf(user.id), ['tech-operator'])
    const [event] = await people.eventsOf(user.id, 'invitation.sent')
    assert.equal(event?.actorId, (await app.userNamed(ADMIN)).id)
    assert.equal(event?.clientId, user.clientId)
    const [mail] = await app.deps.db
      .select()
      .from(notifications)
      .where(eq(notifications.recipientId, user.id))
    assert.equal(mail?.kind, 'invitation')
    assert.equal(mail?.eventId, event?.id)

    const nora = app.browser()
    assert.equal(
      (await nora.post(await people.linkOf(user.id), { password: NEW_PASSWORD })).location,
      '/mfa/enrol',
    )
    assert.equal((await people.byId(user.id)).status, 'invited')
    await nora.enrol()
    assert.equal((await nora.verify(nora.nextCode())).location, '/')
    assert.equal((await people.byId(user.id)).status, 'active')
  })

  test('several role groups at once', async () => {
    const { roleGroups: _, ...fields } = newcomer()
    const answer = await as(ADMIN).post('/users', [
      ...Object.entries(fields),
      ['roleGroups', 'finance-manager'],
      ['roleGroups', 'tech-admin'],
    ])

    assert.equal(answer.status, 303)
    const { id } = await app.userNamed(fields.email ?? '')
    assert.deepEqual(await people.roleGroupsOf(id), ['finance-manager', 'tech-admin'])
  })

  test('an address that is taken gets a clear answer beside the field, the same whichever account has it', async () => {
    const told = []
    for (const email of [TECH, 'tech@meridian.example', OPERATOR.toUpperCase()]) {
      const answer = await as(ADMIN).post('/users', newcomer({ email }))
      assert.equal(answer.status, 422, email)
      told.push(problemOf(answer, 'email'))
    }

    assert.match(told[0] ?? '', /already has an account/)
    assert.equal(new Set(told).size, 1)
    const event = await lastEvent('invitation.sent')
    assert.equal(event?.outcome, 'failure')
    assert.deepEqual(event?.details, { problem: 'address-taken' }, 'on record, without the address')
  })

  test('what is missing or wrong is named beside each field, and what was typed is kept', async () => {
    const answer = await as(ADMIN).post('/users', {
      email: 'no address',
      name: '  ',
      roleGroups: 'no-such-group',
    })

    assert.equal(answer.status, 422)
    assert.match(problemOf(answer, 'email'), /complete e-mail address/)
    assert.match(problemOf(answer, 'name'), /Enter their name/)
    assert.match(problemOf(answer, 'roleGroups'), /at least one role group/)
    assert.match(answer.body, /value="no address"/)
  })

  test('of several messages the first alone is announced and gets the focus', async () => {
    const { body } = await as(ADMIN).post('/users', newcomer({ email: 'no address', name: '' }))

    assert.equal(body.match(/class="alert"/g)?.length, 2)
    assert.equal(body.match(/ autofocus/g)?.length, 1)
    assert.match(body, /id="email-problem" role="alert" tabindex="-1" autofocus/)
    assert.equal(body.match(/role="alert"/g)?.length, 1)
  })

  test('addresses and names that will do harm or no good are refused', async () => {
    const bad: [Record<string, string>, string][] = [
      [{ email: '=cmd@harbour.example' }, 'email'],
      [{ email: `${'x'.repeat(250)}@harbour.example` }, 'email'],
      [{ email: 'two@harbour.example, three@harbour.example' }, 'email'],
      [{ email: 'line\nbreak@harbour.example' }, 'email'],
      [{ email: '\u212aelvin@harbour.example' }, 'email'],
      [{ email: '' }, 'email'],
      [{ name: '=HYPERLINK("http://evil.example")' }, 'name'],
      [{ name: '@SUM(A1)' }, 'name'],
      [{ name: 'x'.repeat(101) }, 'name'],
      [{ name: 'two\nlines' }, 'name'],
      [{ name: 'right\u202eto left' }, 'name'],
      [{ name: 'Payroll: confirm your bank details at https://evil.example/x' }, 'name'],
    ]
    for (const [fields, field] of bad) {
      const answer = await as(ADMIN).post('/users', newcomer(fields))
      assert.equal(answer.status, 422, JSON.stringify(fields))
      assert.notEqual(problemOf(answer, field), '', JSON.stringify(fields))
    }
  })

  test('at least one role group, and none that this kind of account does not have', async () => {
    const { roleGroups: _, ...fields } = newcomer()
    assert.equal((await as(ADMIN).post('/users', fields)).status, 422)
    const ofPlatform = newcomer({ roleGroups: 'operator', clientId: await people.clientId('Harbour Group') })
    assert.equal((await as(DESK).post('/users', { ...ofPlatform, ...EVIDENCE })).status, 422)
    assert.equal(
      (await as(DESK).post('/users', { ...newcomer(), ...EVIDENCE })).status,
      422,
      'nor the other way round',
    )
  })

  test('an Admin never makes somebody Admin, nor gives what the platform account has; it is refused and on record', async () => {
    for (const key of ['admin', 'service-desk', 'operator']) {
      const fields = newcomer({ roleGroups: key })
      const answer = await as(ADMIN).post('/users', [
        ...Object.entries(fields),
        ['roleGroups', 'tech-operator'],
      ])

      assert.equal(answer.status, 403, key)
      assert.match(answer.body, /Service Desk/)
      assert.deepEqual(
        await app.deps.db
          .select()
          .from(users)
          .where(eq(users.email, fields.email ?? '')),
        [],
      )
      const event = await lastEvent('invitation.sent')
      assert.deepEqual([event?.outcome, event?.details], ['refused', { refusal: 'granted-by-service-desk' }])
    }
  })

  test('the Service Desk invites into any account, an Admin too, with ticket and reason', async () => {
    const clientId = await people.clientId('Meridian Foods')
    const fields = { ...newcomer({ email: 'boss@meridian.example', roleGroups: 'admin' }), clientId }
    assert.equal((await as(DESK).get(`/clients/${clientId}/users/new`)).status, 200)
    for (const missing of ['reason', 'ticket']) {
      const { [missing]: _, ...rest } = { ...fields, ...EVIDENCE } as Record<string, string>
      const answer = await as(DESK).post('/users', rest)
      assert.equal(answer.status, 422)
      assert.notEqual(problemOf(answer, missing), '')
      assert.match(
        answer.body,
        new RegExp(`name="clientId" value="${clientId}"`),
        'the form stays that of the account',
      )
    }

    const answer = await as(DESK).post('/users', { ...fields, ...EVIDENCE })

    assert.equal(answer.location, `/clients/${clientId}/users`)
    const user = await app.userNamed('boss@meridian.example')
    assert.equal(user.clientId, clientId)
    const [event] = await people.eventsOf(user.id, 'invitation.sent')
    assert.deepEqual(event?.details, { roleGroups: 'Admin', channel: 'service-desk', ...EVIDENCE })
  })

  test('the Service Desk invites colleagues into the platform account', async () => {
    const fields = newcomer({ email: 'desk3@platform.example', roleGroups: 'service-desk' })
    assert.equal((await as(DESK).post('/users', { ...fields, ...EVIDENCE })).status, 303)
    assert.deepEqual(await people.roleGroupsOf((await app.userNamed('desk3@platform.example')).id), [
      'service-desk',
    ])
  })

  test('into a child account: refused and on record in both; into another: there is nothing', async () => {
    const into = async (name: string) =>
      as(ADMIN).post('/users', newcomer({ clientId: await people.clientId(name) }))

    assert.equal((await into('Harbour Retail')).status, 403)
    const events = await app.deps.db
      .select()
      .from(auditEvents)
      .where(eq(auditEvents.action, 'invitation.sent'))
      .orderBy(desc(auditEvents.id))
      .limit(2)
    const retail = await people.clientId('Harbour Retail')
    const refusal = 'parents-only-look'
    assert.deepEqual(
      new Map(events.map(({ clientId, outcome, details }) => [clientId, [outcome, details]])),
      new Map([
        [await people.clientId('Harbour Group'), ['refused', { refusal, clientId: retail }]],
        [retail, ['refused', { refusal }]],
      ]),
    )
    assert.equal((await into('Harbour Online')).status, 403)
    assert.equal((await into('Meridian Foods')).status, 404)
    assert.equal((await into('Portcullis Platform')).status, 404)
    assert.equal((await as(ADMIN).post('/users', newcomer({ clientId: 'no-id' }))).status, 404)
    assert.equal(
      (await as(CHILD_ADMIN).post('/users', newcomer({ clientId: await people.clientId('Harbour Group') })))
        .status,
      404,
    )
  })

  test('others cannot invite, nor see the form', async () => {
    for (const email of [TECH, OPERATOR]) {
      assert.equal((await as(email).get('/users/new')).status, 403)
      assert.equal((await as(email).post('/users', newcomer())).status, 403)
    }
    const retail = await people.clientId('Harbour Retail')
    assert.equal((await as(ADMIN).get(`/clients/${retail}/users/new`)).status, 403)
    assert.doesNotMatch((await as(ADMIN).get(`/clients/${retail}/users`)).body, /users\/new/)
    assert.match((await as(ADMIN).get('/users')).body, /href="\/users\/new"/)
    assert.equal((await app.browser().post('/users', newcomer())).location, '/sign-in')
  })

  test('fields that nobody asked for change nothing', async () => {
    const fields = newcomer({
      isAdmin: 'true',
      status: 'active',
      passwordHash: 'x',
      invitedBy: 'somebody',
      rank: '1000',
      mfaRequired: 'false',
    })
    assert.equal((await as(ADMIN).post('/users', fields)).status, 303)
    const user = await app.userNamed(fields.email ?? '')
    assert.deepEqual([user.status, user.passwordHash], ['invited', null])
    assert.deepEqual(await people.roleGroupsOf(user.id), ['finance-operator'])
  })

  test('20 parallel invitations of one address make one user; the others learn that it is taken', async () => {
    const fields = newcomer()

    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => as(i % 2 ? ADMIN : ADMIN2).post('/users', fields)),
    )

    assert.equal(answers.filter(({ status }) => status === 303).length, 1)
    assert.equal(answers.filter(({ status }) => status === 422).length, 19)
    const { id } = await app.userNamed(fields.email ?? '')
    assert.equal((await people.invitationsOf(id)).length, 1)
  })

  test('nothing personal and no token is in what the queue is handed', async () => {
    const fields = newcomer()
    await as(ADMIN).post('/users', fields)
    const { id } = await app.userNamed(fields.email ?? '')
    const token = (await people.linkOf(id)).split('/').at(-1) ?? ''

    const handed = JSON.stringify([
      await app.deps.db.select().from(outbox),
      await app.deps.db.select().from(notifications),
    ])

    for (const secret of [token, fields.email ?? '', fields.name ?? '']) assert.ok(!handed.includes(secret))
  })
})

describe('sending an invitation again', () => {
  test('the old link dies, the new one works for seven days', async () => {
    const fields = newcomer()
    await as(ADMIN).post('/users', fields)
    const { id } = await app.userNamed(fields.email ?? '')
    const oldLink = await people.linkOf(id)

    const answer = await as(ADMIN).post(`/users/${id}/invitation`)

    assert.equal(answer.status, 303)
    assert.equal((await app.browser().get(oldLink)).status, 410)
    assert.equal((await app.browser().post(oldLink, { password: NEW_PASSWORD })).status, 410)
    const newLink = await people.linkOf(id)
    assert.equal((await app.browser().get(newLink)).status, 200)
    assert.equal((await people.eventsOf(id, 'invitation.resent')).length, 1)
    const mails = await app.deps.db.select().from(notifications).where(eq(notifications.recipientId, id))
    assert.equal(mails.filter(({ kind }) => kind === 'invitation').length, 2)
  })

  test('what somebody began through the old link is void: their password and their half-way sign-in', async () => {
    const fields = newcomer({ roleGroups: 'tech-operator' })
    await as(ADMIN).post('/users', fields)
    const { id, email } = await app.userNamed(fields.email ?? '')
    const thief = app.browser()
    await thief.post(await people.linkOf(id), { password: NEW_PASSWORD })
    await thief.scanKey()

    assert.equal((await as(ADMIN).post(`/users/${id}/invitation`)).status, 303)

    assert.equal((await thief.post('/mfa/enrol', { code: thief.code() })).location, '/sign-in')
    assert.equal((await app.browser().signInWithPassword(email, NEW_PASSWORD)).status, 401)
    const owner = app.browser()
    assert.equal(
      (await owner.post(await people.linkOf(id), { password: `${NEW_PASSWORD}!` })).location,
      '/mfa/enrol',
    )
  })

  test('also an authenticator that was enrolled and never used to sign in', async () => {
    const fields = newcomer({ roleGroups: 'tech-operator' })
    await as(ADMIN).post('/users', fields)
    const { id } = await app.userNamed(fields.email ?? '')
    const thief = app.browser()
    await thief.post(await people.linkOf(id), { password: NEW_PASSWORD })
    assert.equal((await thief.enrol()).location, '/mfa/verify')

    assert.equal((await as(ADMIN).post(`/users/${id}/invitation`)).status, 303)

    assert.equal((await thief.verify(thief.nextCode())).location, '/sign-in')
    const owner = app.browser()
    const answer = await owner.post(await people.linkOf(id), { password: `${NEW_PASSWORD}!` })
    assert.equal(answer.location, '/mfa/enrol')
    await owner.enrol()
    assert.equal((await owner.verify(owner.nextCode())).location, '/')
  })

  test('who is active, disabled or withdrawn is not invited again', async () => {
    assert.equal((await as(ADMIN).post(`/users/${(await app.userNamed(TECH)).id}/invitation`)).status, 409)
    const disabled = await people.add('Harbour Group', ['tech-operator'], 'disabled')
    assert.equal((await as(ADMIN).post(`/users/${disabled.id}/invitation`)).status, 409)
  })
})

describe('withdrawing an invitation', () => {
  test('there is no such user any more; the address is free again, and the audit log still tells', async () => {
    const fields = newcomer({ name: 'Wilma Withdrawn' })
    await as(ADMIN).post('/users', fields)
    const { id, email } = await app.userNamed(fields.email ?? '')
    const link = await people.linkOf(id)
    assert.equal((await as(ADMIN).get(`/users/${id}/invitation/withdraw`)).status, 200)

    const answer = await as(ADMIN).post(`/users/${id}/invitation/withdraw`)

    assert.deepEqual([answer.status, answer.location], [303, '/users'])
    assert.equal((await app.browser().get(link)).status, 410)
    assert.equal((await as(ADMIN).get(`/users/${id}`)).status, 404)
    assert.doesNotMatch((await as(ADMIN).get('/users?q=wilma')).body, /Wilma Withdrawn/)
    assert.doesNotMatch((await as(DESK).get('/service-desk?q=wilma')).body, /Wilma Withdrawn/)
    for (const path of ['invitation', 'invitation/withdraw', 'role-groups', 'enable', 'disable', 'mfa-reset'])
      assert.equal(
        (await as(ADMIN).post(`/users/${id}/${path}`, { reason: 'x', roleGroups: 'tech-operator' })).status,
        404,
      )
    const audit = (await as(ADMIN).get('/audit')).body
    assert.match(audit, /Amara Okafor withdrew the invitation of Wilma Withdrawn\./)
    assert.match(audit, new RegExp(email))

    assert.equal(
      (await as(CHILD_ADMIN).post('/users', { ...fields, email })).status,
      303,
      'free, also elsewhere',
    )
    assert.notEqual((await app.userNamed(email)).id, id)
  })

  test('also of somebody who stopped half-way, whose password and session then open nothing', async () => {
    const fields = newcomer({ roleGroups: 'tech-operator' })
    await as(ADMIN).post('/users', fields)
    const { id, email } = await app.userNamed(fields.email ?? '')
    const half = app.browser()
    await half.post(await people.linkOf(id), { password: NEW_PASSWORD })
    await app.browser().post('/forgot-password', { email })

    assert.equal((await as(ADMIN).post(`/users/${id}/invitation/withdraw`)).status, 303)

    assert.equal((await half.get('/mfa/enrol')).location, '/sign-in?next=%2Fmfa%2Fenrol')
    assert.equal((await app.browser().signInWithPassword(email, NEW_PASSWORD)).status, 401)
    const { passwordHash } = await people.byId(id)
    assert.equal(passwordHash, null)
  })

  test('who has become active stays', async () => {
    const { id } = await app.userNamed(TECH)
    assert.equal((await as(ADMIN).post(`/users/${id}/invitation/withdraw`)).status, 409)
    assert.equal((await people.byId(id)).status, 'active')
  })

  test('withdrawing against accepting, 40 times: one of the two happens', async () => {
    for (let round = 0; round < 40; round += 1) {
      const fields = newcomer()
      await as(ADMIN).post('/users', fields)
      const { id } = await app.userNamed(fields.email ?? '')
      const link = await people.linkOf(id)
      const invitee = app.browser()

      const [accepted, withdrawn] = await Promise.all([
        invitee.post(link, { password: NEW_PASSWORD }),
        as(ADMIN).post(`/users/${id}/invitation/withdraw`),
      ])

      const outcome = `${accepted.status} ${withdrawn.status} ${(await people.byId(id)).status}`
      assert.ok(['303 409 active', '410 303 withdrawn'].includes(outcome), `round ${round}: ${outcome}`)
      assert.equal((await invitee.get('/')).status === 200, accepted.status === 303)
    }
  })
})

describe('changing role groups', () => {
  test('gives the whole set, takes effect at the next request of open sessions, is recorded and told', async () => {
    const user = await people.add('Harbour Group', ['finance-operator'])
    const browser = app.browser()
    await browser.signInWithPassword(user.email)
    assert.equal((await browser.get('/')).status, 200)

    const answer = await as(ADMIN).post(`/users/${user.id}/role-groups`, [
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

  test('the same set again changes nothing and is no event', async () => {
    const user = await people.add('Harbour Group', ['finance-operator'])

    const answer = await as(ADMIN).post(`/users/${user.id}/role-groups`, { roleGroups: 'finance-operator' })

    assert.equal(answer.status, 303)
    assert.deepEqual(await people.eventsOf(user.id, 'user.role-groups-changed'), [])
  })

  test('nobody is left without a role group', async () => {
    const user = await people.add('Harbour Group', ['finance-operator'])
    for (const fields of [{}, { roleGroups: '' }, { roleGroups: 'nonsense' }] as Fields[]) {
      const answer = await as(ADMIN).post(`/users/${user.id}/role-groups`, fields)
      assert.equal(answer.status, 422)
      assert.notEqual(problemOf(answer, 'roleGroups'), '')
    }
    assert.deepEqual(await people.roleGroupsOf(user.id), ['finance-operator'])
  })

  test('an Admin may never make somebody Admin; the Service Desk may, and an Admin none, with ticket and reason', async () => {
    const user = await people.add('Harbour Group', ['finance-operator'])
    const toAdmin: Fields = [
      ['roleGroups', 'admin'],
      ['roleGroups', 'finance-operator'],
    ]
    assert.equal((await as(ADMIN).post(`/users/${user.id}/role-groups`, toAdmin)).status, 403)
    const [refused] = await people.eventsOf(user.id, 'user.role-groups-changed')
    assert.deepEqual(
      [refused?.outcome, refused?.details],
      ['refused', { refusal: 'granted-by-service-desk' }],
    )

    assert.equal((await as(DESK).post(`/users/${user.id}/role-groups`, toAdmin)).status, 422)
    const withEvidence = [...toAdmin, ...Object.entries(EVIDENCE)] as [string, string][]
    assert.equal((await as(DESK).post(`/users/${user.id}/role-groups`, withEvidence)).status, 303)

    assert.deepEqual(await people.roleGroupsOf(user.id), ['admin', 'finance-operator'])
    assert.equal(
      (await as(ADMIN).post(`/users/${user.id}/role-groups`, { roleGroups: 'finance-operator' })).status,
      403,
      '‘demote, then reset’ is no way round',
    )
    const demoted = await as(DESK).post(`/users/${user.id}/role-groups`, {
      roleGroups: 'finance-operator',
      ...EVIDENCE,
    })
    assert.equal(demoted.status, 303)
    assert.deepEqual(await people.roleGroupsOf(user.id), ['finance-operator'])
  })

  test('an Admin neither gives nor takes what ranks above their own; it may stay', async () => {
    await app.database.sql`
      insert into role_groups (key, name, rank) values ('owner', 'Owner', 120) on conflict do nothing`
    const user = await people.add('Harbour Group', ['owner', 'finance-operator'])
    const set = (...keys: string[]) =>
      as(ADMIN).post(
        `/users/${user.id}/role-groups`,
        keys.map((key): [string, string] => ['roleGroups', key]),
      )

    assert.equal((await set('finance-operator')).status, 403)
    assert.match(
      (await as(ADMIN).get(`/users/${user.id}/role-groups`)).body,
      /type="hidden" name="roleGroups" value="owner"/,
    )
    assert.equal((await set('owner', 'finance-manager')).status, 303)
    assert.deepEqual(await people.roleGroupsOf(user.id), ['finance-manager', 'owner'])
    const other = await people.add('Harbour Group', ['finance-operator'])
    assert.equal(
      (await as(ADMIN).post(`/users/${other.id}/role-groups`, { roleGroups: 'owner' })).status,
      403,
    )
  })
})

describe('disabling and enabling', () => {
  test('ends every session at once, half-way ones too, and no password opens a new one until enabled again', async () => {
    const user = await people.add('Harbour Group', ['tech-operator'])
    const browser = app.browser()
    await browser.enrolAndSignIn(user.email)
    const half = app.browser()
    half.secret = browser.secret
    await half.signInWithPassword(user.email)

    const answer = await as(ADMIN).post(`/users/${user.id}/disable`, { reason: 'Left the company' })

    assert.deepEqual([answer.status, answer.location], [303, `/users/${user.id}`])
    assert.equal((await browser.get('/')).location, '/sign-in')
    assert.equal((await half.verify(half.nextCode())).location, '/sign-in')
    assert.equal((await app.browser().signInWithPassword(user.email)).status, 401)
    assert.deepEqual(await app.deps.db.select().from(sessions).where(eq(sessions.userId, user.id)), [])
    const [event] = await people.eventsOf(user.id, 'user.disabled')
    assert.deepEqual(event?.details, { channel: 'admin', reason: 'Left the company' })
    const kinds = async () =>
      (await app.deps.db.select().from(notifications).where(eq(notifications.recipientId, user.id))).map(
        ({ kind }) => kind,
      )
    assert.ok((await kinds()).includes('account-disabled'))

    assert.equal((await as(ADMIN).post(`/users/${user.id}/enable`, { reason: 'Is back' })).status, 303)

    assert.equal(
      (await browser.signInWithPassword(user.email)).location,
      '/mfa/verify',
      'the authenticator stayed',
    )
    assert.equal((await browser.verify(browser.nextCode())).location, '/')
    assert.ok((await kinds()).includes('account-enabled'))
    assert.equal((await people.eventsOf(user.id, 'user.enabled')).length, 1)
  })

  test('who never was active is invited again after it, and still has everything before them', async () => {
    const fields = newcomer({ roleGroups: 'tech-operator' })
    await as(ADMIN).post('/users', fields)
    const { id } = await app.userNamed(fields.email ?? '')
    const link = await people.linkOf(id)

    await as(ADMIN).post(`/users/${id}/disable`, { reason: 'Not yet' })
    assert.equal((await app.browser().get(link)).status, 410)
    await as(ADMIN).post(`/users/${id}/enable`, { reason: 'Now' })

    assert.equal((await people.byId(id)).status, 'invited')
    assert.equal((await app.browser().post(link, { password: NEW_PASSWORD })).location, '/mfa/enrol')
  })

  test('the reason must be said; twice is told apart', async () => {
    const user = await people.add('Harbour Group', ['tech-operator'])
    for (const reason of ['', '   ', 'x'.repeat(501)]) {
      const answer = await as(ADMIN).post(`/users/${user.id}/disable`, { reason })
      assert.equal(answer.status, 422)
      assert.notEqual(problemOf(answer, 'reason'), '')
    }
    assert.equal((await as(ADMIN).post(`/users/${user.id}/enable`, EVIDENCE)).status, 409)
    assert.equal((await as(ADMIN).post(`/users/${user.id}/disable`, EVIDENCE)).status, 303)
    assert.equal((await as(ADMIN).post(`/users/${user.id}/disable`, EVIDENCE)).status, 409)
  })

  test('disabling against signing in, 30 times: nobody is left inside', async () => {
    const user = await people.add('Harbour Group', ['finance-operator'])
    for (let round = 0; round < 30; round += 1) {
      const racer = app.browser()

      const [, answer] = await Promise.all([
        racer.signInWithPassword(user.email),
        as(ADMIN).post(`/users/${user.id}/disable`, EVIDENCE),
      ])

      assert.equal(answer.status, 303)
      assert.equal((await racer.get('/')).location, '/sign-in', `round ${round}`)
      assert.equal((await as(ADMIN).post(`/users/${user.id}/enable`, EVIDENCE)).status, 303)
      await app.database.sql`delete from lockouts`
    }
  })
})

describe('nobody acts on themselves', () => {
  for (const actor of [ADMIN, DESK])
    test(actor, async () => {
      const { id } = await app.userNamed(actor)
      const keys = await people.roleGroupsOf(id)
      const fields = { ...EVIDENCE, roleGroups: 'operator' }
      for (const path of ['role-groups', 'disable', 'enable', 'invitation', 'invitation/withdraw'])
        assert.equal((await as(actor).post(`/users/${id}/${path}`, fields)).status, 403, path)
      assert.equal((await people.byId(id)).status, 'active')
      assert.deepEqual(await people.roleGroupsOf(id), keys)
    })
})

describe('who may do what to whom, over a three-level hierarchy and a foreign account', () => {
  const ACTORS = {
    [ADMIN]: { is: 'Admin', own: 'Harbour Group', below: ['Harbour Retail', 'Harbour Online'] },
    [CHILD_ADMIN]: { is: 'Admin', own: 'Harbour Retail', below: ['Harbour Online'] },
    [FOREIGN_ADMIN]: { is: 'Admin', own: 'Meridian Foods', below: [] },
    [TECH]: { is: 'user', own: 'Harbour Group', below: ['Harbour Retail', 'Harbour Online'] },
    [OPERATOR]: { is: 'user', own: 'Portcullis Platform', below: [] },
    [DESK]: { is: 'Service Desk', own: 'Portcullis Platform', below: [] },
  } as const
  const ACCOUNTS = [
    'Harbour Group',
    'Harbour Retail',
    'Harbour Online',
    'Meridian Foods',
    'Portcullis Platform',
  ] as const
  const ACTIONS = {
    'change role groups of': {
      path: 'role-groups',
      roleGroups: ['finance-operator', 'operator'],
      of: ['active', 'invited', 'disabled'],
    },
    'make Admin': {
      path: 'role-groups',
      roleGroups: ['admin', 'service-desk'],
      of: ['active', 'invited', 'disabled'],
    },
    disable: { path: 'disable', of: ['active', 'invited'] },
    enable: { path: 'enable', of: ['disabled'] },
    'send the invitation again of': { path: 'invitation', of: ['invited'] },
    'withdraw the invitation of': { path: 'invitation/withdraw', of: ['invited'] },
  } as const satisfies Record<string, { path: string; roleGroups?: readonly string[]; of: readonly Status[] }>

  /** The table of the design, told once more. */
  function expected(
    actor: (typeof ACTORS)[keyof typeof ACTORS],
    action: keyof typeof ACTIONS,
    target: { account: string; isAdmin: boolean; status: Status },
  ): number {
    const isOwn = actor.own === target.account
    const isChild = (actor.below as readonly string[]).includes(target.account)
    if (actor.is === 'user') return isOwn ? 403 : 404
    if (actor.is === 'Admin') {
      if (!isOwn) return isChild ? 403 : 404
      if (target.isAdmin) return 403
    }
    if (!(ACTIONS[action].of as readonly Status[]).includes(target.status)) return 409
    return actor.is === 'Admin' && action === 'make Admin' ? 403 : 303
  }

  for (const [email, actor] of Object.entries(ACTORS))
    for (const [action, { path, ...fields }] of Object.entries(ACTIONS))
      test(`${email}: ${action}`, async () => {
        for (const account of ACCOUNTS)
          for (const isAdmin of [false, true])
            for (const status of ['active', 'invited', 'disabled'] as const) {
              const [clientKey, platformKey] = 'roleGroups' in fields ? fields.roleGroups : ['', '']
              const isPlatform = account === 'Portcullis Platform'
              const held = isPlatform
                ? ['operator', 'service-desk'][Number(isAdmin)]
                : ['tech-operator', 'admin'][Number(isAdmin)]
              const target = await people.add(account, [held ?? ''], status)
              const before = await stateOf(target.id)
              const title = `${account}, ${held}, ${status}`

              const answer = await as(email).post(`/users/${target.id}/${path}`, {
                ...EVIDENCE,
                roleGroups: (isPlatform ? platformKey : clientKey) ?? '',
              })

              const wanted = expected(actor, action as keyof typeof ACTIONS, { account, isAdmin, status })
              assert.equal(answer.status, wanted, title)
              if (wanted !== 303)
                assert.deepEqual(await stateOf(target.id), before, `${title}: nothing changed`)
              if (wanted === 403) {
                const refused = await app.deps.db
                  .select()
                  .from(auditEvents)
                  .where(and(eq(auditEvents.subjectId, target.id), eq(auditEvents.outcome, 'refused')))
                assert.equal(refused.length, actor.own === account ? 1 : 2, `${title}: on record`)
              }
            }
      })

  async function stateOf(id: string) {
    return [await people.byId(id), await people.roleGroupsOf(id), await people.invitationsOf(id)]
  }

  test('foreign, unknown and malformed ids get the same answer', async () => {
    const foreign = await people.add('Meridian Foods', ['tech-operator'], 'invited')
    const normal = ({ status, body }: Answer) => [status, body.replace(/[0-9a-f-]{36}/g, 'ID')]
    for (const { path } of Object.values(ACTIONS)) {
      const answers: unknown[] = []
      for (const id of [foreign.id, '01890000-0000-7000-8000-000000000000', 'no-id', "' or 1=1"])
        answers.push(
          normal(
            await as(ADMIN).post(`/users/${encodeURIComponent(id)}/${path}`, {
              ...EVIDENCE,
              roleGroups: 'tech-operator',
            }),
          ),
        )
      assert.equal((answers[0] as [number])[0], 404)
      for (const answer of answers) assert.deepEqual(answer, answers[0])
    }
  })

  test('the page of a user offers what the rule allows, and says why where it allows nothing', async () => {
    const user = await people.add('Harbour Group', ['tech-operator'])
    const page = async (actor: string, id: string) => (await as(actor).get(`/users/${id}`)).body

    assert.match(await page(ADMIN, user.id), new RegExp(`href="/users/${user.id}/disable"`))
    assert.match(await page(ADMIN, user.id), new RegExp(`href="/users/${user.id}/role-groups"`))
    assert.doesNotMatch(await page(ADMIN, user.id), /\/enable"|\/invitation"/)
    const admin2 = await app.userNamed(ADMIN2)
    assert.doesNotMatch(await page(ADMIN, admin2.id), /\/disable"|\/role-groups"/)
    assert.match(await page(ADMIN, admin2.id), /Only the Service Desk resets, changes or disables an Admin/)
    const child = await people.add('Harbour Retail', ['tech-operator'])
    assert.doesNotMatch(await page(ADMIN, child.id), /\/disable"|\/role-groups"/)
    assert.match(await page(ADMIN, child.id), /only its own Admins and the Service Desk may change it/)
    assert.match(await page(DESK, admin2.id), new RegExp(`href="/users/${admin2.id}/disable"`))
  })
})

describe('an Admin demoted or disabled a moment ago acts no more', () => {
  test('each action against the demotion of the actor, judged as they are when it commits', async () => {
    for (let round = 0; round < 20; round += 1) {
      const actor = await people.add('Meridian Foods', ['admin'])
      const target = await people.add('Meridian Foods', ['tech-operator'])
      const browser = app.browser()
      await browser.signInWithPassword(actor.email)

      const [answer, demoted] = await Promise.all([
        browser.post(`/users/${target.id}/disable`, EVIDENCE),
        as(DESK).post(`/users/${actor.id}/role-groups`, { roleGroups: 'tech-operator', ...EVIDENCE }),
      ])

      assert.equal(demoted.status, 303)
      assert.ok([303, 403].includes(answer.status), String(answer.status))
      assert.equal((await people.byId(target.id)).status === 'disabled', answer.status === 303)
      assert.equal((await browser.post(`/users/${target.id}/enable`, EVIDENCE)).status, 403)
      assert.equal((await browser.post('/users', newcomer())).status, 403)
    }
  })
})

test('whoever has not shown for 10 minutes to be there proves it, and what they filled in is kept', async () => {
  const admin = await comeBack(ADMIN)
  app.clock.advance(11 * MINUTE)
  const fields = newcomer()

  const asked = await admin.post('/users', [...Object.entries(fields), ['roleGroups', 'tech-admin']])

  assert.equal(asked.status, 401)
  assert.match(asked.body, /name="roleGroups" value="finance-operator"/)
  assert.match(asked.body, /name="roleGroups" value="tech-admin"/)
  const answer = await admin.post('/users', { ...fields, presence: admin.code() })
  assert.equal(answer.status, 303)
})

test('an invitation ends after seven days, and is good again when it is sent again', async () => {
  const admin = await comeBack(ADMIN)
  const fields = newcomer()
  await admin.post('/users', fields)
  const { id } = await app.userNamed(fields.email ?? '')
  const link = await people.linkOf(id)
  app.clock.advance(7 * DAY)

  assert.equal((await app.browser().get(link)).status, 410)
  await comeBack(ADMIN)
  assert.match((await admin.get(`/users/${id}`)).body, /expired unused/)
  assert.equal((await admin.post(`/users/${id}/invitation`)).status, 303)

  assert.equal((await app.browser().get(await people.linkOf(id))).status, 200)
  assert.equal(await app.deps.db.$count(users, sql`${users.id} = ${id} and ${users.status} = 'invited'`), 1)
})
