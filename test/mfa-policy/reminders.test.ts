// Reminding everyone who must still set up MFA: whom, how often, by whom. And figures that agree.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { and, eq } from 'drizzle-orm'
import { remindOfMfa } from '../../src/mfa-policy/remind-of-mfa.ts'
import { auditEvents } from '../../src/platform/db/schema/audit-events.ts'
import { clients } from '../../src/platform/db/schema/clients.ts'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import { outbox } from '../../src/platform/db/schema/outbox.ts'
import { mfaPolicies, roleGroups } from '../../src/platform/db/schema/role-groups.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { renderMail } from '../../src/platform/mail/render-mail.ts'
import { DAY } from '../../src/platform/time/durations.ts'
import type { TestApp } from '../support/app.ts'
import { ADMIN, Cast, CHILD_ADMIN, DESK, FOREIGN_ADMIN, TECH } from '../support/cast.ts'

let cast: Cast
let app: TestApp

before(async () => {
  cast = await Cast.assemble([ADMIN, TECH, CHILD_ADMIN, DESK], [FOREIGN_ADMIN])
  app = cast.app
})
after(() => app.close())

const mailed = async () => {
  const rows = await app.deps.db
    .select({ email: users.email })
    .from(notifications)
    .innerJoin(users, eq(users.id, notifications.recipientId))
    .where(eq(notifications.kind, 'mfa-reminder'))
  return rows.map(({ email }) => email).toSorted()
}

/** Runs the jobs that were queued. */
async function runJobs(times = 1): Promise<void> {
  const rows = await app.deps.db.select().from(outbox).where(eq(outbox.job, 'remind-of-mfa'))
  for (const { payload } of rows) {
    const { clientId = '', eventId = '' } = payload
    const run = () => app.deps.db.transaction((tx) => remindOfMfa(tx, { clientId, eventId }, app.clock.now()))
    await Promise.all(Array.from({ length: times }, run))
  }
  await app.deps.db.delete(outbox).where(eq(outbox.job, 'remind-of-mfa'))
}

const remind = (email = ADMIN) => cast.as(email).post('/mfa-policy/reminders')
const homeOf = async (email: string) => (await cast.as(email).get('/')).body

describe('reminders', () => {
  test('one click mails everyone who is overdue, and no other user, however often the job runs', async () => {
    await cast.people.add('Harbour Retail', ['tech-operator'])
    const overdue = await cast.people.add('Harbour Group', ['tech-operator'])
    const disabled = await cast.people.add('Harbour Group', ['tech-operator'])
    await app.deps.db.update(users).set({ status: 'disabled' }).where(eq(users.id, disabled.id))

    const answer = await remind()
    assert.equal(answer.status, 303)
    assert.equal(answer.location, '/')
    assert.match(await homeOf(ADMIN), /The reminders are on their way/)
    await runJobs(8)

    assert.deepEqual(await mailed(), ['admin2@harbour.example', overdue.email].toSorted())
  })

  test('a second click on the same day mails only those who became overdue since', async () => {
    const before = await mailed()
    const late = await cast.people.add('Harbour Group', ['tech-operator'])
    await remind()
    await runJobs()
    assert.deepEqual(await mailed(), [...before, late.email].toSorted())

    app.clock.advance(DAY)
    await cast.comeBack(ADMIN)
    await remind()
    await runJobs()
    assert.equal((await mailed()).length, 2 * (before.length + 1), 'a day later everyone again')
  })

  test('reminders are on record with who asked for them', async () => {
    const asked = await app.deps.db
      .select()
      .from(auditEvents)
      .where(and(eq(auditEvents.action, 'mfa.reminded'), eq(auditEvents.outcome, 'success')))

    const { id: actorId } = await app.userNamed(ADMIN)
    assert.deepEqual(
      asked.map((event) => [event.actorId, event.details]),
      Array.from({ length: 3 }, () => [actorId, { channel: 'admin' }]),
    )
    assert.match((await cast.as(ADMIN).get('/audit')).body, /had everyone reminded who must still set up MFA/)
  })

  test('a user who is not an Admin sends no reminders, and the refusal is on record', async () => {
    await cast.comeBack(TECH)
    const before = await app.deps.db.$count(outbox, eq(outbox.job, 'remind-of-mfa'))

    assert.equal((await remind(TECH)).status, 403)

    assert.equal(await app.deps.db.$count(outbox, eq(outbox.job, 'remind-of-mfa')), before)
    const refused = and(eq(auditEvents.action, 'mfa.reminded'), eq(auditEvents.outcome, 'refused'))
    assert.equal(await app.deps.db.$count(auditEvents, refused), 1)
  })

  test('the mail says who requires MFA, who asks, and where to go', () => {
    const { subject, text } = renderMail('mfa-reminder', {
      recipient: { name: 'Rita', email: 'rita@harbour.example', clientName: 'Harbour Group' },
      helper: 'an Admin of Harbour Group',
      publicUrl: 'https://gate.example',
      link: 'https://gate.example/sign-in',
      by: 'Amara Okafor of Harbour Group',
    })

    assert.equal(subject, 'Set up MFA for the dashboard of Harbour Group')
    assert.match(text, /https:\/\/gate\.example\/sign-in/)
    assert.match(text, /Amara Okafor of Harbour Group asked us to remind you/)
  })
})

describe('Home', () => {
  test('an account without a policy is told so, and led to choose role groups', async () => {
    await cast.comeBack(FOREIGN_ADMIN)
    const home = await homeOf(FOREIGN_ADMIN)

    assert.match(home, /data-task="no-policy"/)
    assert.match(home, /No role group requires MFA</)
    assert.match(home, /<a class="button" href="\/mfa-policy">Choose role groups</)
    assert.doesNotMatch(home, /Remind them/)
  })

  test('the figures agree on Home, the list, the policy page and its review', async () => {
    await cast.comeBack(DESK)
    const [, onHome] = /(\d+) people must still set up MFA/.exec(await homeOf(ADMIN)) ?? []
    const { body } = await cast.as(ADMIN).get('/users?mfa=required-missing')
    assert.ok(onHome)
    assert.match(body, new RegExp(`Filters: ${onHome} of `))

    const path = `/clients/${await cast.people.clientId('Harbour Group')}/mfa-policy`
    const page = (await cast.as(DESK).get(path)).body
    const [, members] =
      /value="finance-manager".*?<td[^>]*>\s*(?:<span[^>]*>[^<]*<\/span>)?\s*(\d+)/s.exec(page) ?? []
    await cast.people.add('Harbour Group', ['finance-manager'])
    const gone = await cast.people.add('Harbour Group', ['finance-manager'])
    await app.deps.db.update(users).set({ status: 'disabled' }).where(eq(users.id, gone.id))
    const query = new URLSearchParams([
      ['roleGroups', 'admin'],
      ['roleGroups', 'tech-operator'],
      ['roleGroups', 'finance-manager'],
    ])
    const review = (await cast.as(DESK).get(`${path}/review?${query}`)).body
    assert.match(review, /2 people, 2 not enrolled/)
    assert.match((await cast.as(DESK).get(path)).body, new RegExp(`>\\s*${Number(members ?? 1) + 1}\\s*<`))
  })

  test('one definition: every page counts the same people as lacking MFA, in an account with people of every kind', async () => {
    const { db } = app.deps
    const account = 'Harbour Online'
    const clientId = await cast.people.clientId(account)
    const tech = ['tech-operator']
    // Of the demo Mei-Ling lacks MFA, and Oliver is not required to use it.
    for (const status of ['active', 'invited', 'disabled', 'disabled'] as const)
      await cast.people.add(account, tech, status)
    const locked = await cast.people.add(account, tech)
    await cast.people.enrol((await cast.people.add(account, tech)).id)
    const guesser = app.browser()
    for (let guess = 0; guess < 5; guess += 1)
      await guesser.signInWithPassword(locked.email, 'not the password')
    const inGrace = await cast.people.add(account, ['finance-manager'])
    const [group] = await db.select().from(roleGroups).where(eq(roleGroups.key, 'finance-manager'))
    assert.ok(group)
    const startsAt = new Date(app.clock.now().getTime() + DAY)
    await db.insert(mfaPolicies).values({ clientId, roleGroupId: group.id, startsAt })
    const admin = app.browser()
    await admin.signInWithPassword('admin@online.harbour.example')
    for (const email of [CHILD_ADMIN, DESK]) await cast.comeBack(email)
    const desk = cast.as(DESK)
    const number = (text: string, pattern: RegExp) => Number(pattern.exec(text)?.[1]?.replace(',', ''))

    const lacking = async () => {
      const list = (await desk.get(`/clients/${clientId}/users?mfa=required-missing`)).body
      const file = (await desk.get(`/clients/${clientId}/users.csv?mfa=required-missing`)).body
      const plan = new URLSearchParams({ basedOn: 'tech-operator' })
      return {
        filtered: number(list, /Filters: ([\d,]+) of/),
        rows: [...list.matchAll(/data-user-id="/g)].length,
        exported: file.trim().split('\n').length - 1,
        account: number((await desk.get(`/clients/${clientId}`)).body, /([\d,]+) required but missing/),
        onParentsHome: number(
          (await cast.as(CHILD_ADMIN).get('/')).body,
          new RegExp(`data-below="${clientId}".*?([\\d,]+) required but missing`, 's'),
        ),
        reviewed: number(
          (await desk.get(`/clients/${clientId}/mfa-policy/review?${plan}`)).body,
          /people will no longer be required to use MFA, ([\d,]+) of them not enrolled/,
        ),
      }
    }
    const all = (count: number) => ({
      filtered: count,
      rows: count,
      exported: count,
      account: count,
      onParentsHome: count,
      reviewed: count,
    })
    assert.deepEqual(await lacking(), all(4))
    const home = (await admin.get('/')).body
    assert.equal(number(home, /([\d,]+) people must still set up MFA/), 4)
    assert.match(home, /1 of them has not accepted the invitation yet/)
    const list = (await desk.get(`/clients/${clientId}/users?mfa=required-missing`)).body
    assert.doesNotMatch(list, new RegExp(inGrace.name))
    assert.match(list, new RegExp(`${locked.name}.*Locked`, 's'))

    // The policy page and the review count the members of a role group alike, without disabled ones.
    const policy = (await desk.get(`/clients/${clientId}/mfa-policy`)).body
    const members = number(policy, /data-role-group="tech-operator".*?Members<\/span>(\d+)/s)
    const review = (await desk.get(`/clients/${clientId}/mfa-policy/review?basedOn=tech-operator`)).body
    assert.equal(members, 5)
    assert.equal(number(review, /(\d+) people will no longer/), members)

    await db.update(clients).set({ suspendedAt: app.clock.now() }).where(eq(clients.id, clientId))
    assert.deepEqual(await lacking(), all(4), 'suspension changes no figure')
    await db.update(clients).set({ suspendedAt: null }).where(eq(clients.id, clientId))
    app.clock.advance(DAY)
    for (const email of [CHILD_ADMIN, DESK]) await cast.comeBack(email)
    const { reviewed, ...atStart } = await lacking()
    assert.deepEqual(
      { ...atStart, reviewed: reviewed + 1 },
      all(5),
      'the review takes out Tech Operators alone',
    )
    await cast.comeBack(ADMIN)
    await admin.signInWithPassword('admin@online.harbour.example')
    assert.equal(number((await admin.get('/')).body, /([\d,]+) people must still set up MFA/), 5)
  })

  test('a parent’s Admin sees coverage, overdue and locked people of all accounts below, and a child’s Admin none above', async () => {
    const guesser = app.browser()
    for (let guess = 0; guess < 5; guess += 1)
      await guesser.signInWithPassword('tech@online.harbour.example', 'not the right password')
    await cast.comeBack(CHILD_ADMIN)

    const home = await homeOf(ADMIN)
    assert.match(home, /Accounts below Harbour Group/)
    const online = await cast.people.clientId('Harbour Online')
    assert.match(home, new RegExp(`/clients/${online}/users\\?mfa=required-missing">Harbour Online<`))
    assert.match(home, /Mei-Ling Chen<\/a> of Harbour Online/)
    const child = await homeOf(CHILD_ADMIN)
    assert.match(child, /Accounts below Harbour Retail/)
    assert.doesNotMatch(child, /Lucas Lindqvist|Accounts below Harbour Group/)
  })

  test('an Admin sees the invitations that end within two days', async () => {
    assert.match(await homeOf(ADMIN), /data-figure="expiring">None</)
    app.clock.advance(4 * DAY + DAY / 2)
    await cast.comeBack(ADMIN)

    assert.match(await homeOf(ADMIN), /data-figure="expiring">1<.*Nina Kowalska/s)
  })
})
