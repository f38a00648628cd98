// Running a client account: inviting users, sending the invitation again, withdrawing it.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { desc, eq, sql } from 'drizzle-orm'
import { activateUser } from '../../src/gate/activate-user.ts'
import { NO_REQUEST } from '../../src/platform/audit/record.ts'
import { auditEvents } from '../../src/platform/db/schema/audit-events.ts'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import { outbox } from '../../src/platform/db/schema/outbox.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { DAY } from '../../src/platform/time/durations.ts'
import type { TestApp } from '../support/app.ts'
import { problemOf } from '../support/browser.ts'
import { ADMIN, ADMIN2, Cast, CHILD_ADMIN, DESK, DESK2, OPERATOR, TECH } from '../support/cast.ts'
import type { People } from '../support/people.ts'

const NEW_PASSWORD = 'seven green lanterns in fog'
const EVIDENCE = { reason: 'Asked for in person', ticket: 'SD-4711' }

let cast: Cast
let app: TestApp
let people: People
before(async () => {
  cast = await Cast.assemble([ADMIN, ADMIN2, TECH, CHILD_ADMIN, DESK, DESK2, OPERATOR], [])
  ;({ app, people } = cast)
})
after(() => app.close())

describe('inviting', () => {
  test('an invited user chooses a password, enrols if the role group requires it, and is active', async () => {
    const fields = people.newcomer({ email: ' New.Person@Harbour.example ', roleGroups: 'tech-operator' })

    const answer = await cast.as(ADMIN).post('/users', fields)

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
      (await nora.post(await people.invitationLink(user.id), { password: NEW_PASSWORD })).location,
      '/mfa/enrol',
    )
    assert.equal((await people.byId(user.id)).status, 'invited')
    await nora.enrol()
    assert.equal((await nora.verify(nora.nextCode())).location, '/')
    assert.equal((await people.byId(user.id)).status, 'active')
  })

  test('a user may be invited with several role groups', async () => {
    const { roleGroups: _, ...fields } = people.newcomer()
    const answer = await cast
      .as(ADMIN)
      .post('/users', [
        ...Object.entries(fields),
        ['roleGroups', 'finance-manager'],
        ['roleGroups', 'tech-admin'],
      ])

    assert.equal(answer.status, 303)
    const { id } = await app.userNamed(fields.email ?? '')
    assert.deepEqual(await people.roleGroupsOf(id), ['finance-manager', 'tech-admin'])
  })

  test('a taken address gets a clear answer beside the field, the same whichever account has it', async () => {
    const told = []
    for (const email of [TECH, 'tech@meridian.example', OPERATOR.toUpperCase()]) {
      const answer = await cast.as(ADMIN).post('/users', people.newcomer({ email }))
      assert.equal(answer.status, 422, email)
      told.push(problemOf(answer, 'email'))
    }

    assert.match(told[0] ?? '', /exists already/)
    assert.equal(new Set(told).size, 1)
    const event = await people.lastEvent('invitation.sent')
    assert.equal(event?.outcome, 'failure')
    assert.deepEqual(event?.details, { problem: 'address-taken' }, 'on record, without the address')
  })

  test('missing or invalid input is named beside each field, and what was typed is kept', async () => {
    const answer = await cast.as(ADMIN).post('/users', {
      email: 'no address',
      name: '  ',
      roleGroups: 'no-such-group',
    })

    assert.equal(answer.status, 422)
    assert.match(problemOf(answer, 'email'), /complete e-mail address/)
    assert.match(problemOf(answer, 'name'), /Enter their name/)
    assert.match(problemOf(answer, 'roleGroups'), /at least one of the role groups/)
    assert.match(answer.body, /value="no address"/)
  })

  test('an invisible name counts as missing', async () => {
    const answer = await cast.as(ADMIN).post('/users', people.newcomer({ name: '\u200b\u3164' }))

    assert.equal(answer.status, 422)
    assert.equal(problemOf(answer, 'name'), 'Enter their name.')
  })

  test('of several messages only the first is announced and gets the focus', async () => {
    const { body } = await cast.as(ADMIN).post('/users', people.newcomer({ email: 'no address', name: '' }))

    assert.equal(body.match(/class="alert"/g)?.length, 2)
    assert.equal(body.match(/ autofocus/g)?.length, 1)
    assert.match(body, /id="email-problem" role="alert" tabindex="-1" autofocus/)
    assert.equal(body.match(/role="alert"/g)?.length, 1)
  })

  test('addresses and names that could do harm are refused', async () => {
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
      const answer = await cast.as(ADMIN).post('/users', people.newcomer(fields))
      assert.equal(answer.status, 422, JSON.stringify(fields))
      assert.notEqual(problemOf(answer, field), '', JSON.stringify(fields))
    }
  })

  test('an invitation needs at least one role group, and only those of this kind of account', async () => {
    const { roleGroups: _, ...fields } = people.newcomer()
    assert.equal((await cast.as(ADMIN).post('/users', fields)).status, 422)
    const ofPlatform = people.newcomer({
      roleGroups: 'operator',
      clientId: await people.clientId('Harbour Group'),
    })
    assert.equal((await cast.as(DESK).post('/users', { ...ofPlatform, ...EVIDENCE })).status, 422)
    assert.equal(
      (await cast.as(DESK).post('/users', { ...people.newcomer(), ...EVIDENCE })).status,
      422,
      'nor the other way round',
    )
  })

  test('an Admin inviting an Admin or with a platform role group is refused, and that is recorded', async () => {
    for (const key of ['admin', 'service-desk', 'operator']) {
      const fields = people.newcomer({ roleGroups: key })
      const answer = await cast
        .as(ADMIN)
        .post('/users', [...Object.entries(fields), ['roleGroups', 'tech-operator']])

      assert.equal(answer.status, 403, key)
      assert.match(answer.body, /Service Desk/)
      assert.deepEqual(
        await app.deps.db
          .select()
          .from(users)
          .where(eq(users.email, fields.email ?? '')),
        [],
      )
      const event = await people.lastEvent('invitation.sent')
      assert.deepEqual([event?.outcome, event?.details], ['refused', { refusal: 'granted-by-service-desk' }])
    }
  })

  test('the Service Desk invites into any account with ticket and reason, and an Admin once a second agent approved', async () => {
    const clientId = await people.clientId('Meridian Foods')
    const fields = { ...people.newcomer({ email: 'boss@meridian.example', roleGroups: 'admin' }), clientId }
    assert.equal((await cast.as(DESK).get(`/clients/${clientId}/users/new`)).status, 200)
    for (const missing of ['reason', 'ticket']) {
      const { [missing]: _, ...rest } = { ...fields, ...EVIDENCE } as Record<string, string>
      const answer = await cast.as(DESK).post('/users', rest)
      assert.equal(answer.status, 422)
      assert.notEqual(problemOf(answer, missing), '')
      assert.match(
        answer.body,
        new RegExp(`name="clientId" value="${clientId}"`),
        'the form stays that of the account',
      )
    }

    const answer = await cast.as(DESK).post('/users', { ...fields, ...EVIDENCE })

    const approvalId = await people.lastApprovalId()
    assert.equal(answer.location, `/approvals/${approvalId}`)
    assert.equal(await app.deps.db.$count(users, eq(users.email, 'boss@meridian.example')), 0, 'not yet')
    assert.equal((await cast.decide(DESK2)).status, 303)
    const user = await app.userNamed('boss@meridian.example')
    assert.equal(user.clientId, clientId)
    const [event] = await people.eventsOf(user.id, 'invitation.sent')
    assert.equal(event?.actorId, (await app.userNamed(DESK)).id)
    assert.deepEqual(event?.details, {
      roleGroups: 'Admin',
      channel: 'service-desk',
      ...EVIDENCE,
      approvalId,
      approverId: (await app.userNamed(DESK2)).id,
    })
    const technician = { ...people.newcomer({ roleGroups: 'tech-operator' }), clientId, ...EVIDENCE }
    assert.equal(
      (await cast.as(DESK).post('/users', technician)).location,
      `/clients/${clientId}/users`,
      'who administers nothing is invited at once',
    )
  })

  test('the Service Desk invites colleagues into the platform account once a second agent approved', async () => {
    const fields = people.newcomer({ email: 'desk3@platform.example', roleGroups: 'service-desk' })
    assert.equal((await cast.as(DESK).post('/users', { ...fields, ...EVIDENCE })).status, 303)
    assert.equal(await app.deps.db.$count(users, eq(users.email, 'desk3@platform.example')), 0, 'not yet')
    assert.equal((await cast.decide(DESK2)).status, 303)
    assert.deepEqual(await people.roleGroupsOf((await app.userNamed('desk3@platform.example')).id), [
      'service-desk',
    ])
  })

  test('inviting into an account below is refused and recorded in both, and another account does not exist', async () => {
    const into = async (name: string) =>
      cast.as(ADMIN).post('/users', people.newcomer({ clientId: await people.clientId(name) }))

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
    assert.equal((await cast.as(ADMIN).post('/users', people.newcomer({ clientId: 'no-id' }))).status, 404)
    assert.equal(
      (
        await cast
          .as(CHILD_ADMIN)
          .post('/users', people.newcomer({ clientId: await people.clientId('Harbour Group') }))
      ).status,
      404,
    )
  })

  test('other users can neither invite nor see the form', async () => {
    for (const email of [TECH, OPERATOR]) {
      assert.equal((await cast.as(email).get('/users/new')).status, 403)
      assert.equal((await cast.as(email).post('/users', people.newcomer())).status, 403)
    }
    const retail = await people.clientId('Harbour Retail')
    assert.equal((await cast.as(ADMIN).get(`/clients/${retail}/users/new`)).status, 403)
    assert.doesNotMatch((await cast.as(ADMIN).get(`/clients/${retail}/users`)).body, /users\/new/)
    assert.match((await cast.as(ADMIN).get('/users')).body, /href="\/users\/new"/)
    assert.equal((await app.browser().post('/users', people.newcomer())).location, '/sign-in')
  })

  test('unknown fields of the form change nothing', async () => {
    const fields = people.newcomer({
      isAdmin: 'true',
      status: 'active',
      passwordHash: 'x',
      invitedBy: 'somebody',
      rank: '1000',
      mfaRequired: 'false',
    })
    assert.equal((await cast.as(ADMIN).post('/users', fields)).status, 303)
    const user = await app.userNamed(fields.email ?? '')
    assert.deepEqual([user.status, user.passwordHash], ['invited', null])
    assert.deepEqual(await people.roleGroupsOf(user.id), ['finance-operator'])
  })

  test('20 parallel invitations of one address make one user, and the others learn that it is taken', async () => {
    const fields = people.newcomer()

    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => cast.as(i % 2 ? ADMIN : ADMIN2).post('/users', fields)),
    )

    assert.equal(answers.filter(({ status }) => status === 303).length, 1)
    assert.equal(answers.filter(({ status }) => status === 422).length, 19)
    const { id } = await app.userNamed(fields.email ?? '')
    assert.equal((await people.invitationsOf(id)).length, 1)
  })

  test('the queue is handed no personal data and no token', async () => {
    const fields = people.newcomer()
    await cast.as(ADMIN).post('/users', fields)
    const { id } = await app.userNamed(fields.email ?? '')
    const token = (await people.invitationLink(id)).split('/').at(-1) ?? ''

    const handed = JSON.stringify([
      await app.deps.db.select().from(outbox),
      await app.deps.db.select().from(notifications),
    ])

    for (const secret of [token, fields.email ?? '', fields.name ?? '']) assert.ok(!handed.includes(secret))
  })
})

describe('sending an invitation again', () => {
  test('sending again voids the old link, and the new one works for seven days', async () => {
    const fields = people.newcomer()
    await cast.as(ADMIN).post('/users', fields)
    const { id } = await app.userNamed(fields.email ?? '')
    const oldLink = await people.invitationLink(id)

    const answer = await cast.as(ADMIN).post(`/users/${id}/invitation`)

    assert.equal(answer.status, 303)
    assert.equal((await app.browser().get(oldLink)).status, 410)
    assert.equal((await app.browser().post(oldLink, { password: NEW_PASSWORD })).status, 410)
    const newLink = await people.invitationLink(id)
    assert.equal((await app.browser().get(newLink)).status, 200)
    assert.equal((await people.eventsOf(id, 'invitation.resent')).length, 1)
    const mails = await app.deps.db.select().from(notifications).where(eq(notifications.recipientId, id))
    assert.equal(mails.filter(({ kind }) => kind === 'invitation').length, 2)
  })

  test('sending again voids the password and the half-way sign-in made through the old link', async () => {
    const fields = people.newcomer({ roleGroups: 'tech-operator' })
    await cast.as(ADMIN).post('/users', fields)
    const { id, email } = await app.userNamed(fields.email ?? '')
    const thief = app.browser()
    await thief.post(await people.invitationLink(id), { password: NEW_PASSWORD })
    await thief.scanKey()

    assert.equal((await cast.as(ADMIN).post(`/users/${id}/invitation`)).status, 303)

    assert.equal((await thief.post('/mfa/enrol', { code: thief.code() })).location, '/sign-in')
    assert.equal((await app.browser().signInWithPassword(email, NEW_PASSWORD)).status, 401)
    const owner = app.browser()
    assert.equal(
      (await owner.post(await people.invitationLink(id), { password: `${NEW_PASSWORD}!` })).location,
      '/mfa/enrol',
    )
  })

  test('a user who signs in through the old link while it is sent again is active or signed out, in each of 10 rounds', async () => {
    for (let round = 0; round < 10; round += 1) {
      const fields = people.newcomer({ roleGroups: 'tech-operator' })
      await cast.as(ADMIN).post('/users', fields)
      const { id } = await app.userNamed(fields.email ?? '')
      const invited = app.browser()
      await invited.post(await people.invitationLink(id), { password: NEW_PASSWORD })
      await invited.enrol()

      const [verified, again] = await Promise.all([
        invited.verify(invited.nextCode()),
        cast.as(ADMIN).post(`/users/${id}/invitation`),
      ])

      assert.equal(verified.status, 303, verified.body)
      const { status } = await people.byId(id)
      assert.equal(status, again.status === 303 ? 'invited' : 'active')
      assert.equal((await invited.get('/')).status, status === 'active' ? 200 : 303)
    }
  })

  test('an invitation sent again while a code is being checked makes no user active', async () => {
    const fields = people.newcomer({ roleGroups: 'tech-operator' })
    await cast.as(ADMIN).post('/users', fields)
    const before = await app.userNamed(fields.email ?? '')
    await app.browser().post(await people.invitationLink(before.id), { password: NEW_PASSWORD })
    await cast.as(ADMIN).post(`/users/${before.id}/invitation`)
    await app.browser().post(await people.invitationLink(before.id), { password: `${NEW_PASSWORD}!` })

    const activated = await app.deps.db.transaction((tx) =>
      activateUser(tx, before, NO_REQUEST, app.clock.now()),
    )

    assert.equal(activated, false)
    assert.equal((await people.byId(before.id)).status, 'invited')
  })

  test('sending again also revokes an authenticator that was enrolled and never used', async () => {
    const fields = people.newcomer({ roleGroups: 'tech-operator' })
    await cast.as(ADMIN).post('/users', fields)
    const { id } = await app.userNamed(fields.email ?? '')
    const thief = app.browser()
    await thief.post(await people.invitationLink(id), { password: NEW_PASSWORD })
    assert.equal((await thief.enrol()).location, '/mfa/verify')

    assert.equal((await cast.as(ADMIN).post(`/users/${id}/invitation`)).status, 303)

    assert.equal((await thief.verify(thief.nextCode())).location, '/sign-in')
    const owner = app.browser()
    const answer = await owner.post(await people.invitationLink(id), { password: `${NEW_PASSWORD}!` })
    assert.equal(answer.location, '/mfa/enrol')
    await owner.enrol()
    assert.equal((await owner.verify(owner.nextCode())).location, '/')
  })

  test('an active, disabled or withdrawn user is not invited again', async () => {
    assert.equal(
      (await cast.as(ADMIN).post(`/users/${(await app.userNamed(TECH)).id}/invitation`)).status,
      409,
    )
    const disabled = await people.add('Harbour Group', ['tech-operator'], 'disabled')
    assert.equal((await cast.as(ADMIN).post(`/users/${disabled.id}/invitation`)).status, 409)
    const withdrawn = await people.add('Harbour Group', ['tech-operator'], 'withdrawn')
    assert.equal((await cast.as(ADMIN).post(`/users/${withdrawn.id}/invitation`)).status, 404)
    for (const { id } of [disabled, withdrawn]) assert.deepEqual(await people.invitationsOf(id), [])
  })
})

describe('withdrawing an invitation', () => {
  test('a withdrawn user does not exist any more, the address is free again, and the audit log keeps the events', async () => {
    const fields = people.newcomer({ name: 'Wilma Withdrawn' })
    await cast.as(ADMIN).post('/users', fields)
    const { id, email } = await app.userNamed(fields.email ?? '')
    const link = await people.invitationLink(id)
    assert.equal((await cast.as(ADMIN).get(`/users/${id}/invitation/withdraw`)).status, 200)

    const answer = await cast.as(ADMIN).post(`/users/${id}/invitation/withdraw`)

    assert.deepEqual([answer.status, answer.location], [303, '/users'])
    const gone = await app.browser().get(link)
    assert.equal(gone.status, 410)
    assert.match(gone.body, /it was withdrawn/)
    assert.match(gone.body, /ask the person who invited you/)
    assert.equal((await cast.as(ADMIN).get(`/users/${id}`)).status, 404)
    assert.doesNotMatch((await cast.as(ADMIN).get('/users?q=wilma')).body, /Wilma Withdrawn/)
    assert.doesNotMatch((await cast.as(DESK).get('/service-desk?q=wilma')).body, /Wilma Withdrawn/)
    for (const path of ['invitation', 'invitation/withdraw', 'role-groups', 'enable', 'disable', 'mfa-reset'])
      assert.equal(
        (await cast.as(ADMIN).post(`/users/${id}/${path}`, { reason: 'x', roleGroups: 'tech-operator' }))
          .status,
        404,
      )
    const audit = (await cast.as(ADMIN).get('/audit')).body
    assert.match(audit, /Amara Okafor withdrew the invitation of Wilma Withdrawn\./)
    assert.match(audit, new RegExp(email))

    assert.equal(
      (await cast.as(CHILD_ADMIN).post('/users', { ...fields, email })).status,
      303,
      'free, also elsewhere',
    )
    assert.notEqual((await app.userNamed(email)).id, id)
  })

  test('withdrawing also voids the password and session of a user who stopped half-way', async () => {
    const fields = people.newcomer({ roleGroups: 'tech-operator' })
    await cast.as(ADMIN).post('/users', fields)
    const { id, email } = await app.userNamed(fields.email ?? '')
    const half = app.browser()
    await half.post(await people.invitationLink(id), { password: NEW_PASSWORD })
    await app.browser().post('/forgot-password', { email })

    assert.equal((await cast.as(ADMIN).post(`/users/${id}/invitation/withdraw`)).status, 303)

    assert.equal((await half.get('/mfa/enrol')).location, '/sign-in?next=%2Fmfa%2Fenrol')
    assert.equal((await app.browser().signInWithPassword(email, NEW_PASSWORD)).status, 401)
    const { passwordHash } = await people.byId(id)
    assert.equal(passwordHash, null)
  })

  test('an invitation of a user who became active cannot be withdrawn', async () => {
    const { id } = await app.userNamed(TECH)
    assert.equal((await cast.as(ADMIN).post(`/users/${id}/invitation/withdraw`)).status, 409)
    assert.equal((await people.byId(id)).status, 'active')
  })

  test('of withdrawing and accepting at the same time exactly one happens, in each of 12 rounds', async () => {
    for (let round = 0; round < 12; round += 1) {
      const fields = people.newcomer()
      await cast.as(ADMIN).post('/users', fields)
      const { id } = await app.userNamed(fields.email ?? '')
      const link = await people.invitationLink(id)
      const invitee = app.browser()

      const [accepted, withdrawn] = await Promise.all([
        invitee.post(link, { password: NEW_PASSWORD }),
        cast.as(ADMIN).post(`/users/${id}/invitation/withdraw`),
      ])

      const outcome = `${accepted.status} ${withdrawn.status} ${(await people.byId(id)).status}`
      assert.ok(['303 409 active', '410 303 withdrawn'].includes(outcome), `round ${round}: ${outcome}`)
      assert.equal((await invitee.get('/')).status === 200, accepted.status === 303)
    }
  })
})

test('an invitation ends after seven days, and is valid again when it is sent again', async () => {
  const admin = await cast.comeBack(ADMIN)
  const fields = people.newcomer()
  await admin.post('/users', fields)
  const { id } = await app.userNamed(fields.email ?? '')
  const link = await people.invitationLink(id)
  app.clock.advance(7 * DAY)

  assert.equal((await app.browser().get(link)).status, 410)
  await cast.comeBack(ADMIN)
  assert.match((await admin.get(`/users/${id}`)).body, /expired unused/)
  assert.equal((await admin.post(`/users/${id}/invitation`)).status, 303)

  assert.equal((await app.browser().get(await people.invitationLink(id))).status, 200)
  assert.equal(await app.deps.db.$count(users, sql`${users.id} = ${id} and ${users.status} = 'invited'`), 1)
})
