// The specification, 'MFA Device Reset & Recovery'.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { and, desc, eq } from 'drizzle-orm'
import type { ActingSession } from '../src/gate/acting-session.ts'
import { completeMfaReset } from '../src/mfa-reset/complete-mfa-reset.ts'
import { requestMfaReset } from '../src/mfa-reset/request-mfa-reset.ts'
import { NO_REQUEST } from '../src/platform/audit/record.ts'
import { authenticators } from '../src/platform/db/schema/authenticators.ts'
import { clients } from '../src/platform/db/schema/clients.ts'
import { mfaResets } from '../src/platform/db/schema/mfa-resets.ts'
import { notifications } from '../src/platform/db/schema/notifications.ts'
import { outbox } from '../src/platform/db/schema/outbox.ts'
import { mfaPolicies, roleGroups } from '../src/platform/db/schema/role-groups.ts'
import { sessions } from '../src/platform/db/schema/sessions.ts'
import { MINUTE } from '../src/platform/time/durations.ts'
import type { TestApp } from './support/app.ts'
import { ADMIN, ADMIN2, Cast, CHILD_ADMIN, CHILD_TECH, DESK, DESK2, EVIDENCE, TECH } from './support/cast.ts'

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
  test('an Admin resets a Tech Operator, and the MFA configuration is cleared with no worker running', async () => {
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

  test('on their next login attempt the user must re-enrol, and after that may authenticate and access the Dashboard', async () => {
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

  test('the job erases the secret, notifies the user and the Admins, and completes the reset once', async () => {
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
    const mails = await app.deps.db.select().from(notifications).where(eq(notifications.eventId, row.eventId))
    const recipients = mails.map(({ kind, recipientId }) => [kind, recipientId]).sort()
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

  test('the policy decides at the next sign-in, and no MFA is asked where no role group requires it', async () => {
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

  test('a user without an authenticator cannot be reset', async () => {
    await cast.comeBack(ADMIN)

    assert.equal((await cast.reset(ADMIN, 'support@harbour.example')).status, 409)
  })

  test('a reset without a reason does nothing', async () => {
    await cast.comeBack(TECH)
    await cast.comeBack(ADMIN)

    for (const reason of ['', '   ', 'x'.repeat(501)])
      assert.equal((await cast.reset(ADMIN, TECH, { reason })).status, 422)

    assert.ok(await cast.activeAuthenticator(TECH))
  })

  test('20 parallel clicks by two Admins make one reset, and the others are answered 409', async () => {
    await cast.comeBack(TECH)
    await cast.comeBack(ADMIN)
    await cast.comeBack(ADMIN2)
    const before = (await resetsOf(TECH)).length
    const queued = async () =>
      (await app.deps.db.select().from(outbox).where(eq(outbox.job, 'complete-mfa-reset'))).length
    const queuedBefore = await queued()

    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => cast.reset(i % 2 ? ADMIN : ADMIN2, TECH)),
    )

    assert.equal(answers.filter(({ status }) => status === 303).length, 1)
    assert.equal(answers.filter(({ status }) => status === 409).length, 19)
    assert.equal((await resetsOf(TECH)).length, before + 1)
    assert.equal((await queued()) - queuedBefore, 1)
  })

  test('a reset leaves password, role groups, password lock and status of the user unchanged', async () => {
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

  test('a lock on codes ends with the reset of the authenticator, and that is recorded', async () => {
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
  test('an Admin is refused for another Admin, and the page names the Service Desk', async () => {
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

  test('the Service Desk resets an Admin with ticket, reason and how the person was identified', async () => {
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

  test('an agent never resets themselves, and may reset another agent', async () => {
    await cast.comeBack(DESK)
    await cast.comeBack(DESK2)

    assert.equal((await cast.reset(DESK, DESK)).status, 403)
    assert.equal((await cast.reset(DESK, DESK2)).status, 303)
  })
})
test('an actor whom the gate holds by now resets no user, however long ago the request was let in', async () => {
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
test('a reset leaves no session of the user', async () => {
  await cast.comeBack(TECH)
  await cast.comeBack(ADMIN)
  await cast.reset(ADMIN, TECH)
  const { id } = await cast.app.userNamed(TECH)
  assert.deepEqual(await app.deps.db.select().from(sessions).where(eq(sessions.userId, id)), [])
})
