// The specification, 'MFA Device Reset & Recovery' and 'MFA Reset Permissions & Account Hierarchy Rules'.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { and, desc, eq } from 'drizzle-orm'
import { NO_REQUEST } from '../../src/audit/record.ts'
import { authenticators } from '../../src/db/schema/authenticators.ts'
import { clients } from '../../src/db/schema/clients.ts'
import { mfaResets } from '../../src/db/schema/mfa-resets.ts'
import { notifications } from '../../src/db/schema/notifications.ts'
import { outbox } from '../../src/db/schema/outbox.ts'
import { mfaPolicies, roleGroups } from '../../src/db/schema/role-groups.ts'
import { sessions } from '../../src/db/schema/sessions.ts'
import { users } from '../../src/db/schema/users.ts'
import type { ActingSession } from '../../src/gate/acting-session.ts'
import { completeMfaReset } from '../../src/mfa-reset/complete-mfa-reset.ts'
import { requestMfaReset } from '../../src/mfa-reset/request-mfa-reset.ts'
import { MINUTE } from '../../src/time/durations.ts'
import type { TestApp } from '../support/app.ts'
import { type Answer, DEMO_PASSWORD } from '../support/browser.ts'
import {
  ADMIN,
  ADMIN2,
  Cast,
  CHILD_ADMIN,
  CHILD_TECH,
  DESK,
  DESK2,
  EVIDENCE,
  FOREIGN_ADMIN,
  GRANDCHILD_TECH,
  OPERATOR,
  TECH,
} from '../support/cast.ts'

let cast: Cast
let app: TestApp

before(async () => {
  cast = await Cast.assemble()
  app = cast.app
})
after(() => app.close())

async function resetsOf(email: string) {
  const { id } = await cast.app.userNamed(email)
  return app.deps.db.select().from(mfaResets).where(eq(mfaResets.userId, id)).orderBy(desc(mfaResets.id))
}

describe('Admin-initiated MFA reset for users', () => {
  test('an Admin resets a Tech Operator: the MFA configuration is immediately cleared, with no worker running', async () => {
    const theo = cast.as(TECH)
    const halfway = app.browser()
    halfway.secret = theo.secret
    await halfway.signInWithPassword(TECH)
    assert.equal((await theo.get('/')).status, 200)

    const answer = await cast.reset(ADMIN, TECH, { reason: EVIDENCE.reason })

    assert.equal(answer.status, 303)
    assert.equal(answer.location, '/users')
    assert.equal(await cast.activeAuthenticator(TECH), undefined)
    assert.equal((await theo.get('/')).location, '/sign-in', 'the open session is dead')
    assert.equal((await halfway.verify(halfway.nextCode())).location, '/sign-in', 'and the half-way one too')
    const [row] = await resetsOf(TECH)
    assert.equal(row?.status, 'requested')
    assert.equal(row?.channel, 'admin')
    const [event] = await cast.people.eventsOf(TECH, 'mfa-reset.requested')
    assert.equal(event?.actorId, (await cast.app.userNamed(ADMIN)).id)
    assert.deepEqual(event?.details, { mfaResetId: row?.id, channel: 'admin', reason: EVIDENCE.reason })
  })

  test('on their next login attempt, they must re-enrol, and after that may authenticate and access the Dashboard', async () => {
    const theo = cast.as(TECH)
    const oldSecret = theo.secret

    assert.equal((await theo.signInWithPassword(TECH)).location, '/mfa/enrol')
    assert.equal(
      (await theo.post('/mfa/verify', { code: theo.code() })).location,
      '/mfa/enrol',
      'the old code is of no use',
    )
    const page = await theo.get('/mfa/enrol')
    assert.equal((await theo.enrol()).location, '/mfa/verify')
    assert.match(page.body, /Your authenticator was reset <time/)
    assert.notDeepEqual(theo.secret, oldSecret)
    assert.equal((await theo.verify(theo.nextCode())).location, '/')
    assert.equal((await theo.get('/')).status, 200)
  })

  test('the job shreds the secret, tells the user and the Admins, and completes the reset, once', async () => {
    const [row] = await resetsOf(TECH)
    assert.ok(row)
    const complete = () => app.deps.db.transaction((tx) => completeMfaReset(tx, row.id, app.clock.now()))

    await complete()
    await complete()

    const [done] = await resetsOf(TECH)
    assert.equal(done?.status, 'completed')
    const [old] = await app.deps.db
      .select()
      .from(authenticators)
      .where(eq(authenticators.id, row.authenticatorId))
    assert.equal(old?.status, 'revoked')
    assert.equal(old?.sealedSecret, null)
    const told = await app.deps.db.select().from(notifications).where(eq(notifications.eventId, row.eventId))
    const recipients = told.map(({ kind, recipientId }) => [kind, recipientId]).sort()
    assert.deepEqual(
      recipients,
      [
        ['mfa-reset', (await cast.app.userNamed(TECH)).id],
        ['mfa-reset-for-admins', (await cast.app.userNamed(ADMIN)).id],
        ['mfa-reset-for-admins', (await cast.app.userNamed(ADMIN2)).id],
      ].sort(),
    )
    assert.equal((await cast.people.eventsOf(TECH, 'mfa-reset.completed')).length, 1)
    assert.ok(await cast.activeAuthenticator(TECH), 'the authenticator enrolled meanwhile is untouched')
  })

  test('a forged job completes nothing and clears nothing', async () => {
    const before = await cast.activeAuthenticator(TECH)

    await app.deps.db.transaction((tx) =>
      completeMfaReset(tx, '01890000-0000-7000-8000-000000000000', app.clock.now()),
    )

    assert.deepEqual(await cast.activeAuthenticator(TECH), before)
  })

  test('the policy decides at the next sign-in: where no role group requires MFA, none is asked', async () => {
    await cast.comeBack(CHILD_ADMIN)
    const { clientId } = await cast.app.userNamed(CHILD_TECH)
    const [group] = await app.deps.db.select().from(roleGroups).where(eq(roleGroups.key, 'tech-operator'))
    assert.ok(group)
    const requirement = and(eq(mfaPolicies.clientId, clientId), eq(mfaPolicies.roleGroupId, group.id))
    await app.deps.db.delete(mfaPolicies).where(requirement)

    assert.equal((await cast.reset(CHILD_ADMIN, CHILD_TECH)).status, 303)
    assert.equal((await cast.as(CHILD_TECH).signInWithPassword(CHILD_TECH)).location, '/')

    await app.deps.db.insert(mfaPolicies).values({ clientId, roleGroupId: group.id })
    await cast.comeBack(CHILD_TECH)
  })

  test('there must be something to reset', async () => {
    await cast.comeBack(ADMIN)

    assert.equal((await cast.reset(ADMIN, 'support@harbour.example')).status, 409)
  })

  test('the reason must be said; nothing happens without it', async () => {
    await cast.comeBack(TECH)
    await cast.comeBack(ADMIN)

    for (const reason of ['', '   ', 'x'.repeat(501)])
      assert.equal((await cast.reset(ADMIN, TECH, { reason })).status, 422)

    assert.ok(await cast.activeAuthenticator(TECH))
  })

  test('20 parallel clicks by two Admins make one reset; the others are told 409', async () => {
    await cast.comeBack(TECH)
    await cast.comeBack(ADMIN)
    await cast.comeBack(ADMIN2)
    const before = (await resetsOf(TECH)).length
    const owed = async () =>
      (await app.deps.db.select().from(outbox).where(eq(outbox.job, 'complete-mfa-reset'))).length
    const owedBefore = await owed()

    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => cast.reset(i % 2 ? ADMIN : ADMIN2, TECH)),
    )

    assert.equal(answers.filter(({ status }) => status === 303).length, 1)
    assert.equal(answers.filter(({ status }) => status === 409).length, 19)
    assert.equal((await resetsOf(TECH)).length, before + 1)
    assert.equal((await owed()) - owedBefore, 1)
  })

  test('password, role groups, password lock and status of the user stay as they were', async () => {
    await cast.comeBack(TECH)
    await cast.comeBack(ADMIN)
    for (let i = 0; i < 5; i += 1) await app.browser().signInWithPassword(TECH, 'wrong')
    const before = await cast.app.userNamed(TECH)
    const heldBefore = await cast.people.roleGroupsOf(before.id)

    assert.equal((await cast.reset(ADMIN, TECH)).status, 303)

    const after = await cast.app.userNamed(TECH)
    assert.deepEqual({ ...after, sessionEpoch: 0 }, { ...before, sessionEpoch: 0 })
    assert.deepEqual(await cast.people.roleGroupsOf(after.id), heldBefore)
    assert.equal(
      (await app.browser().signInWithPassword(TECH)).status,
      429,
      'a password lock is not lifted by it',
    )
    app.clock.advance(15 * MINUTE)
  })

  test('a lock on codes ends with the authenticator, and that is on record', async () => {
    await cast.comeBack(TECH)
    await cast.comeBack(ADMIN)
    const guesser = app.browser()
    await guesser.signInWithPassword(TECH)
    for (let i = 0; i < 5; i += 1) await guesser.verify(cast.as(TECH).wrongCode())

    await cast.reset(ADMIN, TECH)

    const [ended] = await cast.people.eventsOf(TECH, 'lockout.ended')
    assert.deepEqual(ended?.details, { kind: 'code', through: 'mfa-reset' })
    assert.equal(ended?.actorId, (await app.userNamed(ADMIN)).id)
    assert.equal((await app.browser().signInWithPassword(TECH)).location, '/mfa/enrol')
  })
})

describe('Admins cannot reset MFA for other Admins; such cases require Service Desk intervention', () => {
  test('an Admin is refused for another Admin, and told whom to ask', async () => {
    await cast.comeBack(ADMIN)
    await cast.comeBack(ADMIN2)

    const answer = await cast.reset(ADMIN, ADMIN2)

    assert.equal(answer.status, 403)
    assert.match(answer.body, /Service Desk/)
    assert.ok(await cast.activeAuthenticator(ADMIN2))
    const [event] = await cast.people.eventsOf(ADMIN2, 'mfa-reset.requested')
    assert.equal(event?.outcome, 'refused')
    assert.deepEqual(event?.details, { refusal: 'admins-by-service-desk' })
  })

  test('an Admin is refused for themselves', async () => {
    await cast.comeBack(ADMIN)
    assert.equal((await cast.reset(ADMIN, ADMIN)).status, 403)
    assert.ok(await cast.activeAuthenticator(ADMIN))
  })

  test('the Service Desk resets an Admin, with ticket, reason and how the person was identified', async () => {
    await cast.comeBack(DESK)
    await cast.comeBack(ADMIN2)
    for (const missing of ['ticket', 'reason', 'identifiedBy']) {
      const { [missing]: _, ...rest } = EVIDENCE as Record<string, string>
      assert.equal((await cast.reset(DESK, ADMIN2, rest)).status, 422, missing)
    }
    assert.equal((await cast.reset(DESK, ADMIN2, { ...EVIDENCE, identifiedBy: 'horoscope' })).status, 422)

    const answer = await cast.reset(DESK, ADMIN2)

    assert.equal(answer.status, 303)
    assert.equal(answer.location, `/clients/${(await cast.app.userNamed(ADMIN2)).clientId}/users`)
    const [row] = await resetsOf(ADMIN2)
    assert.deepEqual(
      [row?.channel, row?.ticket, row?.reason, row?.identifiedBy],
      ['service-desk', EVIDENCE.ticket, EVIDENCE.reason, 'video'],
    )
    const [event] = await cast.people.eventsOf(ADMIN2, 'mfa-reset.requested')
    assert.equal(
      event?.clientId,
      (await cast.app.userNamed(ADMIN2)).clientId,
      'the account’s own audit log shows it',
    )
    assert.equal(event?.details.ticket, EVIDENCE.ticket)
  })

  test('an agent never resets themselves, but another agent', async () => {
    await cast.comeBack(DESK)
    await cast.comeBack(DESK2)

    assert.equal((await cast.reset(DESK, DESK)).status, 403)
    assert.equal((await cast.reset(DESK, DESK2)).status, 303)
  })
})

describe('MFA reset authority is isolated at the client account level', () => {
  test('the parent-account Admin cannot perform MFA resets for users of a child account, at any depth', async () => {
    await cast.comeBack(ADMIN)
    for (const target of [CHILD_TECH, CHILD_ADMIN, GRANDCHILD_TECH]) {
      await cast.comeBack(target)
      const answer = await cast.reset(ADMIN, target)

      assert.equal(answer.status, 403, target)
      assert.ok(await cast.activeAuthenticator(target))
      const events = await cast.people.eventsOf(target, 'mfa-reset.requested')
      const accounts = events.slice(0, 2).map(({ clientId, outcome }) => [clientId, outcome])
      const { clientId } = await cast.app.userNamed(target)
      assert.deepEqual(
        new Map(accounts as [string, string][]),
        new Map([
          [(await cast.app.userNamed(ADMIN)).clientId, 'refused'],
          [clientId, 'refused'],
        ]),
        'recorded in both accounts',
      )
    }
  })

  test('a child-account Admin can neither see nor reset users of the parent account', async () => {
    await cast.comeBack(CHILD_ADMIN)
    await cast.comeBack(TECH)
    assert.equal((await cast.reset(CHILD_ADMIN, TECH)).status, 404)
    assert.ok(await cast.activeAuthenticator(TECH))
  })

  test('foreign, unknown and malformed ids get the same answer', async () => {
    const admin = await cast.comeBack(ADMIN)
    const foreign = await cast.app.userNamed('tech@meridian.example')
    const normal = ({ status, body }: Answer) => [status, body.replace(/[0-9a-f-]{36}/g, 'ID')]
    const answers: unknown[] = []
    for (const id of [
      foreign.id,
      '01890000-0000-7000-8000-000000000000',
      'no-id',
      "' or 1=1",
      foreign.id.toUpperCase(),
    ])
      answers.push(normal(await admin.post(`/users/${encodeURIComponent(id)}/mfa-reset`, EVIDENCE)))

    assert.equal((answers[0] as [number])[0], 404)
    for (const answer of answers) assert.deepEqual(answer, answers[0])
    const [event] = await cast.people.eventsOf('tech@meridian.example', 'mfa-reset.requested')
    assert.equal(event?.details.refusal, 'unknown', 'on record, but not of which account they are')
    assert.equal(event?.details.clientId, undefined)
  })

  test('another account in body, query or header changes nothing', async () => {
    const admin = await cast.comeBack(ADMIN)
    const target = await cast.comeBack(CHILD_TECH).then(() => cast.app.userNamed(CHILD_TECH))
    const own = (await cast.app.userNamed(ADMIN)).clientId
    const before = [await cast.activeAuthenticator(CHILD_TECH), await resetsOf(CHILD_TECH)]

    const answer = await admin.post(
      `/users/${target.id}/mfa-reset?clientId=${own}`,
      { ...EVIDENCE, clientId: own, actorId: target.id, channel: 'service-desk' },
      { 'x-client-id': own },
    )

    assert.equal(answer.status, 403)
    assert.deepEqual([await cast.activeAuthenticator(CHILD_TECH), await resetsOf(CHILD_TECH)], before)
  })
})

describe('the table of who may reset whom, over a three-level hierarchy and a foreign account', () => {
  const OWN: Record<string, number> = {
    [TECH]: 303,
    [ADMIN2]: 403,
    'support@harbour.example': 409,
    'new.tech@harbour.example': 409,
  }
  const matrix: Record<string, Record<string, number>> = {
    [ADMIN]: {
      ...OWN,
      [ADMIN]: 403,
      [CHILD_TECH]: 403,
      [CHILD_ADMIN]: 403,
      [GRANDCHILD_TECH]: 403,
      'tech@meridian.example': 404,
      [DESK]: 404,
      [OPERATOR]: 404,
    },
    [CHILD_ADMIN]: {
      [CHILD_TECH]: 303,
      [CHILD_ADMIN]: 403,
      [GRANDCHILD_TECH]: 403,
      [TECH]: 404,
      [ADMIN]: 404,
      'tech@meridian.example': 404,
    },
    [TECH]: {
      [TECH]: 403,
      [ADMIN]: 403,
      'support@harbour.example': 403,
      [CHILD_TECH]: 404,
      'tech@meridian.example': 404,
    },
    [FOREIGN_ADMIN]: {
      [TECH]: 404,
      [CHILD_TECH]: 404,
      [ADMIN]: 404,
      'tech@meridian.example': 409,
      [FOREIGN_ADMIN]: 403,
    },
    [DESK]: {
      [TECH]: 303,
      [ADMIN]: 303,
      [CHILD_ADMIN]: 303,
      [GRANDCHILD_TECH]: 303,
      'tech@meridian.example': 409,
      [DESK2]: 303,
      [OPERATOR]: 303,
      [DESK]: 403,
    },
    [OPERATOR]: { [TECH]: 404, [DESK]: 403, [OPERATOR]: 403, [ADMIN]: 404 },
  }

  for (const [actor, row] of Object.entries(matrix))
    describe(actor, () => {
      before(() => cast.comeBack(actor))

      for (const [target, expected] of Object.entries(row))
        test(`→ ${target}: ${expected}`, async () => {
          if (expected === 303 && !(await cast.activeAuthenticator(target))) await cast.enrol(target)
          const authenticatorBefore = await cast.activeAuthenticator(target)
          const resetsBefore = (await resetsOf(target)).length

          const answer = await cast.reset(actor, target)

          assert.equal(answer.status, expected)
          if (expected === 303) assert.equal(await cast.activeAuthenticator(target), undefined)
          else {
            assert.deepEqual(await cast.activeAuthenticator(target), authenticatorBefore, 'nothing changed')
            assert.equal((await resetsOf(target)).length, resetsBefore)
          }
        })
    })

  test('half-way, signed out and disabled actors reach nothing', async () => {
    await cast.comeBack(TECH)
    const { id } = await cast.app.userNamed(TECH)
    const anonymous = await app.browser().post(`/users/${id}/mfa-reset`, EVIDENCE)
    assert.equal(anonymous.location, '/sign-in')

    const halfway = app.browser()
    await halfway.signInWithPassword(ADMIN)
    assert.match(
      (await halfway.post(`/users/${id}/mfa-reset`, EVIDENCE)).location ?? '',
      /^\/mfa\/(enrol|verify)$/,
    )

    await cast.comeBack(ADMIN)
    await app.deps.db.update(users).set({ status: 'disabled' }).where(eq(users.email, ADMIN))
    assert.equal((await cast.reset(ADMIN, TECH)).location, '/sign-in')
    await app.deps.db.update(users).set({ status: 'active' }).where(eq(users.email, ADMIN))
    assert.ok(await cast.activeAuthenticator(TECH))
  })
})

test('an actor whom the gate would hold by now resets nobody, however long ago the request was let in', async () => {
  await cast.comeBack(TECH)
  const { id: targetId } = await cast.app.userNamed(TECH)
  const admin = await cast.app.userNamed(ADMIN)
  const now = app.clock.now().getTime()
  const [session] = await app.deps.db
    .select()
    .from(sessions)
    .where(eq(sessions.userId, admin.id))
    .orderBy(desc(sessions.createdAt))
  const sessionId = session?.id ?? ''
  const actor = { userId: admin.id, epoch: admin.sessionEpoch, passwordAt: now, sessionId }
  const verified = { at: now, authenticatorId: (await cast.activeAuthenticator(ADMIN))?.id ?? '' }
  const attempt = (actor: ActingSession) =>
    requestMfaReset(app.deps, { actor, targetId, form: EVIDENCE, origin: NO_REQUEST })

  assert.deepEqual(await attempt(actor), { ok: false, refusal: 'signed-out' }, 'has not verified')
  const { clientId } = admin
  await app.deps.db.update(clients).set({ suspendedAt: new Date() }).where(eq(clients.id, clientId))
  assert.deepEqual(await attempt({ ...actor, verified }), { ok: false, refusal: 'signed-out' }, 'suspended')
  await app.deps.db.update(clients).set({ suspendedAt: null }).where(eq(clients.id, clientId))
  const elsewhere = { ...actor, verified, sessionId: 'of nothing' }
  assert.deepEqual(await attempt(elsewhere), { ok: false, refusal: 'signed-out' }, 'signed out')
  assert.deepEqual(await attempt({ ...actor, verified }), { ok: true, clientId })
})

describe('proving presence', () => {
  test('an Admin whose last proof is older than 10 minutes proves it again, and the reset goes on where it was', async () => {
    await cast.comeBack(TECH)
    const admin = await cast.comeBack(ADMIN)
    const { id } = await cast.app.userNamed(TECH)
    app.clock.advance(11 * MINUTE)
    await admin.get('/')

    const asked = await admin.post(`/users/${id}/mfa-reset`, { reason: 'Lost phone' })
    assert.equal(asked.status, 401)
    assert.match(asked.body, /name="reason" value="Lost phone"/)
    assert.ok(await cast.activeAuthenticator(TECH))
    const wrong = await admin.post(`/users/${id}/mfa-reset`, {
      reason: 'Lost phone',
      presence: admin.wrongCode(),
    })
    assert.equal(wrong.status, 401)
    assert.ok(await cast.activeAuthenticator(TECH))
    const right = await admin.post(`/users/${id}/mfa-reset`, { reason: 'Lost phone', presence: admin.code() })

    assert.equal(right.status, 303)
    assert.equal(await cast.activeAuthenticator(TECH), undefined)
  })

  test('a wrong code there is recorded as what it is, and nobody is told that a password was stolen', async () => {
    const admin = await cast.comeBack(ADMIN2)
    const { id } = await cast.app.userNamed(ADMIN2)
    const { id: targetId } = await cast.app.userNamed(TECH)
    app.clock.advance(11 * MINUTE)

    const statuses: number[] = []
    for (let attempt = 0; attempt < 6; attempt += 1)
      statuses.push(
        (await admin.post(`/users/${targetId}/mfa-reset`, { ...EVIDENCE, presence: admin.wrongCode() }))
          .status,
      )

    assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429])
    assert.match(admin.last.body, /too many wrong codes/)
    const outcomes = (await cast.people.eventsOf(ADMIN2, 'presence')).map(({ outcome }) => outcome)
    assert.deepEqual(outcomes, ['refused', 'failure', 'failure', 'failure', 'failure', 'failure'])
    assert.deepEqual(await cast.people.eventsOf(ADMIN2, 'sign-in.code'), [])
    const alarms = await app.deps.db
      .select()
      .from(notifications)
      .where(and(eq(notifications.recipientId, id), eq(notifications.kind, 'code-failed')))
    assert.deepEqual(alarms, [])
    assert.equal((await admin.get('/')).status, 200, 'still signed in')
    app.clock.advance(15 * MINUTE)
  })

  test('without an authenticator it is the password, counted like any other', async () => {
    const admin = await cast.comeBack(FOREIGN_ADMIN)
    const { id } = await cast.app.userNamed('tech@meridian.example')
    app.clock.advance(11 * MINUTE)

    assert.equal((await admin.post(`/users/${id}/mfa-reset`, EVIDENCE)).status, 401)
    assert.equal((await admin.post(`/users/${id}/mfa-reset`, { ...EVIDENCE, presence: 'wrong' })).status, 401)
    assert.equal(
      (await admin.post(`/users/${id}/mfa-reset`, { ...EVIDENCE, presence: DEMO_PASSWORD })).status,
      409,
    )
  })
})

describe('unlocking, by the same permissions', () => {
  const unlock = async (actor: string, target: string) =>
    cast.as(actor).post(`/users/${(await cast.app.userNamed(target)).id}/unlock`, { reason: 'Called me' })

  test('an Admin lifts the lock of a user of the own account; nobody else’s', async () => {
    for (let i = 0; i < 5; i += 1) await app.browser().signInWithPassword('support@harbour.example', 'wrong')
    assert.equal((await app.browser().signInWithPassword('support@harbour.example')).status, 429)
    await cast.comeBack(ADMIN)
    await cast.comeBack(CHILD_ADMIN)

    assert.equal((await unlock(CHILD_ADMIN, 'support@harbour.example')).status, 404)
    assert.equal((await unlock(ADMIN, ADMIN2)).status, 403)
    assert.equal((await unlock(ADMIN, CHILD_TECH)).status, 403)
    assert.equal((await unlock(ADMIN, 'finance@harbour.example')).status, 409)
    const { id } = await cast.app.userNamed('support@harbour.example')
    for (const reason of ['', 'r'.repeat(501)])
      assert.equal((await cast.as(ADMIN).post(`/users/${id}/unlock`, { reason })).status, 422)
    assert.equal((await unlock(ADMIN, 'support@harbour.example')).status, 303)

    assert.equal((await app.browser().signInWithPassword('support@harbour.example')).location, '/')
    const [event] = await cast.people.eventsOf('support@harbour.example', 'lockout.lifted')
    assert.deepEqual(event?.details, { kind: 'password', channel: 'admin', reason: 'Called me' })
  })

  test('the Service Desk lifts it with a ticket and a reason', async () => {
    const { id } = await cast.app.userNamed(ADMIN2)
    for (let i = 0; i < 5; i += 1) await app.browser().signInWithPassword(ADMIN2, 'wrong')
    const desk = await cast.comeBack(DESK)

    assert.equal((await desk.post(`/users/${id}/unlock`, { reason: 'Called us' })).status, 422)
    assert.equal((await desk.post(`/users/${id}/unlock`, { reason: 'Called us', ticket: 'T-1' })).status, 303)

    assert.equal((await app.browser().signInWithPassword(ADMIN2)).location, '/mfa/verify')
  })
})

test('no session of a reset user is left behind', async () => {
  await cast.comeBack(TECH)
  await cast.comeBack(ADMIN)
  await cast.reset(ADMIN, TECH)
  const { id } = await cast.app.userNamed(TECH)
  assert.deepEqual(await app.deps.db.select().from(sessions).where(eq(sessions.userId, id)), [])
})
