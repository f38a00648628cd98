// Reminders that no Admin asks for: to whom, when, once each, and what keeps a queued one from being sent.
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { eq } from 'drizzle-orm'
import { AT_ONCE } from '../../src/gate/mfa-required.ts'
import { readPerson } from '../../src/gate/read-person.queries.ts'
import { remindOfMfa } from '../../src/mfa-policy/remind-of-mfa.ts'
import { remindWhoLacksMfa } from '../../src/mfa-policy/remind-who-lacks-mfa.ts'
import { isStillAsked } from '../../src/mfa-policy/still-asked.ts'
import { NO_REQUEST, record } from '../../src/platform/audit/record.ts'
import { authenticators } from '../../src/platform/db/schema/authenticators.ts'
import { clients } from '../../src/platform/db/schema/clients.ts'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import { memberships, mfaPolicies, roleGroups } from '../../src/platform/db/schema/role-groups.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { renderMail } from '../../src/platform/mail/render-mail.ts'
import { DAY, HOUR } from '../../src/platform/time/durations.ts'
import { startApp, type TestApp } from '../support/app.ts'
import { People } from '../support/people.ts'

const ACCOUNT = 'Meridian Foods'
const KINDS = ['mfa-reminder', 'mfa-required-from']

let app: TestApp
let people: People
let clientId: string
before(async () => {
  app = await startApp()
  people = new People(app)
  clientId = await people.clientId(ACCOUNT)
})
after(() => app.close())

beforeEach(async () => {
  await app.deps.db.delete(mfaPolicies).where(eq(mfaPolicies.clientId, clientId))
  await app.deps.db.delete(notifications)
  await app.deps.db.update(users).set({ mfaRemindedAt: null })
})

const now = () => app.clock.now()
const inDays = (days: number) => new Date(now().getTime() + days * DAY)

async function roleGroupId(key: string): Promise<string> {
  const [group] = await app.deps.db.select().from(roleGroups).where(eq(roleGroups.key, key))
  assert.ok(group)
  return group.id
}

async function require(key: string, startsAt: Date | null = null): Promise<void> {
  const values = { clientId, roleGroupId: await roleGroupId(key), createdAt: now(), startsAt }
  await app.deps.db.insert(mfaPolicies).values(values)
}

/** A user who has been active for long. */
async function veteran(key = 'finance-manager') {
  const user = await people.add(ACCOUNT, [key])
  await app.deps.db
    .update(users)
    .set({ activatedAt: inDays(-400) })
    .where(eq(users.id, user.id))
  return user
}

/** Runs the job, as several workers at once. */
async function run(): Promise<void> {
  await Promise.all(Array.from({ length: 3 }, () => remindWhoLacksMfa(app.deps.db, app.clock)))
}

/** The job runs four times a day. Returns the days of each mail to a user since it began. */
async function daysOfMails(userId: string, days: number): Promise<[string, number][]> {
  const start = now().getTime()
  const mails: [string, number][] = []
  let seen = (await mailsTo(userId)).length
  for (let hour = 0; hour <= days * 24; hour += 6) {
    await remindWhoLacksMfa(app.deps.db, app.clock)
    const kinds = await mailsTo(userId)
    for (const kind of kinds.slice(seen)) mails.push([kind, (now().getTime() - start) / DAY])
    seen = kinds.length
    app.clock.advance(6 * HOUR)
  }
  return mails
}

async function mailsTo(userId: string): Promise<string[]> {
  const rows = await app.deps.db
    .select()
    .from(notifications)
    .where(eq(notifications.recipientId, userId))
    .orderBy(notifications.id)
  return rows.flatMap(({ kind }) => (KINDS.includes(kind) ? [kind] : []))
}

test('a person is reminded 1, 7 and 14 days after MFA became required, once each', async () => {
  const user = await veteran()
  await require('finance-manager')

  assert.deepEqual(await daysOfMails(user.id, 30), [
    ['mfa-reminder', 1],
    ['mfa-reminder', 7],
    ['mfa-reminder', 14],
  ])
})

test('with a start to come they are reminded a day before it, and after it as ever', async () => {
  const user = await veteran()
  await require('finance-manager', inDays(3))

  assert.deepEqual(await daysOfMails(user.id, 12), [
    ['mfa-required-from', 2],
    ['mfa-reminder', 4],
    ['mfa-reminder', 10],
  ])
})

test('the days count from the role group, the activation or the reset, whichever is last', async () => {
  await require('finance-manager')
  app.clock.advance(100 * DAY)
  const given = await veteran()
  await app.deps.db.update(memberships).set({ grantedAt: now() }).where(eq(memberships.userId, given.id))
  const activated = await people.add(ACCOUNT, ['finance-manager'])
  const reset = await veteran()
  await people.enrol(reset.id)
  await app.deps.db
    .update(authenticators)
    .set({ status: 'revoked', sealedSecret: null, revokedAt: now() })
    .where(eq(authenticators.userId, reset.id))
  const old = await veteran()

  app.clock.advance(DAY)
  await run()
  for (const { id } of [given, activated, reset]) assert.deepEqual(await mailsTo(id), ['mfa-reminder'])
  assert.deepEqual(await mailsTo(old.id), [], 'no one is mailed about old times')
})

test('no one is reminded who is enrolled, invited, disabled, not required or of a suspended account', async () => {
  await require('finance-manager')
  const enrolled = await veteran()
  await people.enrol(enrolled.id)
  const others = [enrolled, await veteran('finance-operator')]
  for (const status of ['invited', 'disabled'] as const)
    others.push(await people.add(ACCOUNT, ['finance-manager'], status))
  const user = await veteran()
  app.clock.advance(DAY)
  const suspend = (suspendedAt: Date | null) =>
    app.deps.db.update(clients).set({ suspendedAt }).where(eq(clients.id, clientId))

  await suspend(now())
  await run()
  assert.deepEqual(await mailsTo(user.id), [])
  await suspend(null)
  await run()
  assert.deepEqual(await mailsTo(user.id), ['mfa-reminder'])
  for (const { id } of others) assert.deepEqual(await mailsTo(id), [])
})

test('with what an Admin asks for a person gets one mail a day at most', async () => {
  await require('finance-manager')
  const user = await veteran()
  const byAdmin = () =>
    app.deps.db.transaction(async (tx) => {
      const about = { clientId, actorId: null, subjectId: null, origin: NO_REQUEST }
      const eventId = await record(tx, { at: now(), action: 'mfa.reminded', outcome: 'success', ...about })
      await remindOfMfa(tx, { clientId, eventId }, now())
    })
  app.clock.advance(DAY / 2)
  await byAdmin()
  app.clock.advance(DAY / 2)
  await run()
  assert.equal((await mailsTo(user.id)).length, 1, 'half a day after that of an Admin')
  app.clock.advance(DAY / 2)
  await run()
  assert.equal((await mailsTo(user.id)).length, 2)

  app.clock.advance(DAY - 1)
  await byAdmin()
  assert.equal((await mailsTo(user.id)).length, 2, 'nor does an Admin remind again within the day')
  app.clock.advance(1)
  await byAdmin()
  assert.equal((await mailsTo(user.id)).length, 3)
})

test('a queued mail is not sent after enrolment or disabling, or once the policy says something else', async () => {
  const startsAt = inDays(3)
  const reminder = { kind: 'mfa-reminder', facts: {} }
  const ahead = { kind: 'mfa-required-from', facts: { startsAt: startsAt.toISOString() } }
  const user = await veteran()
  const person = await readPerson(app.deps.db, user.id)
  assert.ok(person)
  const [group] = person.roleGroups
  assert.ok(group)
  const under = (requirement: typeof group.requirement) => ({
    ...person,
    roleGroups: [{ ...group, requirement }],
  })
  const authenticator = { id: '', activatedAt: now(), lastAcceptedStep: 0, lastUsedAt: null }
  const table: [typeof reminder, Parameters<typeof isStillAsked>[1], boolean][] = [
    [reminder, under(AT_ONCE), true],
    [reminder, under({ startsAt }), false],
    [reminder, under(null), false],
    [reminder, { ...under(AT_ONCE), authenticator }, false],
    [reminder, { ...under(AT_ONCE), status: 'disabled' }, false],
    [reminder, { ...under(AT_ONCE), clientSuspended: true }, false],
    [reminder, null, false],
    [ahead, under({ startsAt }), true],
    [ahead, under({ startsAt: inDays(4) }), false],
    [ahead, under(AT_ONCE), false],
    [ahead, { ...under({ startsAt }), authenticator }, false],
    [{ kind: 'password-changed', facts: {} }, null, true],
  ]
  for (const [mail, about, expected] of table)
    assert.equal(isStillAsked(mail, about, now()), expected, JSON.stringify([mail, about]))
})

test('the mail before a start says from when MFA is required, and where to set it up', () => {
  const context = {
    recipient: { name: 'Rita', email: 'rita@harbour.example', clientName: 'Harbour Group' },
    helper: 'an Admin of Harbour Group',
    publicUrl: 'https://gate.example',
    link: 'https://gate.example/sign-in',
    startsAt: new Date('2026-12-01T09:00:00Z'),
  }
  const { subject, text } = renderMail('mfa-required-from', {
    ...context,
    by: 'Amara Okafor of Harbour Group',
  })

  assert.equal(subject, 'MFA will be required in the dashboard of Harbour Group')
  assert.match(text, /From 1 Dec 2026, 09:00 UTC on Harbour Group requires/)
  assert.match(text, /https:\/\/gate\.example\/sign-in/)
  assert.match(text, /Amara Okafor of Harbour Group decided it\./)
  const automatic = renderMail('mfa-reminder', context)
  assert.doesNotMatch(automatic.text + automatic.html, /asked us to remind you/)
})
