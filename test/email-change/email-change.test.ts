// Another e-mail address: asked for by an Admin or the person, confirmed from the new address, told to the old one.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { and, eq, inArray, isNull } from 'drizzle-orm'
import { auditEvents } from '../../src/platform/db/schema/audit-events.ts'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { DAY, SECOND } from '../../src/platform/time/durations.ts'
import type { TestApp } from '../support/app.ts'
import { DEMO_PASSWORD } from '../support/browser.ts'
import { ADMIN, ADMIN2, Cast, CHILD_ADMIN, DESK, EVIDENCE, FOREIGN_ADMIN, TECH } from '../support/cast.ts'
import type { People } from '../support/people.ts'
import { says, sentMail } from '../support/sent-mail.ts'

const NEW_PASSWORD = 'a new password that is long enough'

let cast: Cast
let app: TestApp
let people: People
before(async () => {
  cast = await Cast.assemble([ADMIN, ADMIN2, CHILD_ADMIN, DESK, TECH], [FOREIGN_ADMIN])
  ;({ app, people } = cast)
})
after(() => app.close())

let addresses = 0
const newAddress = () => `fresh${++addresses}@moved.example`
const colleague = () => people.add('Harbour Group', ['finance-operator'])
const ask = (id: string, email: string, who = ADMIN, fields: Record<string, string> = {}) =>
  cast.as(who).post(`/users/${id}/profile`, { email, ...fields })
const emailOf = async (id: string) => (await people.byId(id)).email
const anyone = () => app.browser()

/** Asks for another address of a new colleague; returns the link in the mail to it. */
async function asked(email = newAddress(), who = ADMIN) {
  const user = await people.add(who === FOREIGN_ADMIN ? 'Meridian Foods' : 'Harbour Group', [
    'finance-operator',
  ])
  assert.equal((await ask(user.id, email, who)).status, 303)
  return { user, email, link: await people.emailChangeLink(user.id) }
}

describe('a change that an Admin asks for', () => {
  test('nothing changes before the confirmation, and both addresses get a mail', async () => {
    const { user, email, link } = await asked()

    assert.equal(await emailOf(user.id), user.email)
    const toNew = await sentMail(app, user.id, 'email-change-link')
    assert.equal(toNew?.to.address, email)
    says(toNew, /asked that you sign in to the dashboard of Harbour Group with this address/)
    assert.ok(toNew?.text.includes(link))
    assert.ok(
      !toNew?.text.includes(user.email),
      'a stranger who gets it by mistake does not learn the old address',
    )
    const toOld = await sentMail(app, user.id, 'email-change-requested')
    assert.equal(toOld?.to.address, user.email)
    says(toOld, new RegExp(`with ${email}\\.`))
    says(
      toOld,
      /Do you object\? Choose a new password with ["“]Forgot your password\?["”] at once: that stops the change/,
    )
    assert.ok(!toOld?.text.includes('/confirm-email/'))
    const page = (await cast.as(ADMIN).get(`/users/${user.id}`)).body
    assert.match(page, new RegExp(`${email} waits for its confirmation`))
    const [event] = await people.eventsOf(user.id, 'user.email-change-requested')
    assert.deepEqual(event?.details, { channel: 'admin' })
    const audit = (await cast.as(ADMIN).get('/audit')).body
    assert.ok(
      audit.includes(`asked to change the e-mail address of ${user.name} from ${user.email} to ${email}.`),
    )
  })

  test('the confirmation changes the address, ends sessions and reset links, and keeps password and MFA', async () => {
    const { user, email, link } = await asked()
    const secret = await people.enrol(user.id)
    const signedIn = Object.assign(anyone(), { secret })
    assert.equal((await signedIn.signIn(user.email)).location, '/')
    await anyone().post('/forgot-password', { email: user.email })
    const resetLink = await people.passwordResetLink(user.email)

    const opened = await anyone().get(link)
    assert.equal(opened.status, 200)
    assert.match(opened.body, new RegExp(`<strong>${email}</strong>.*Use the new address`, 's'))
    assert.ok(!opened.body.includes(user.email), 'nor does the page tell a stranger the old address')
    assert.equal(await emailOf(user.id), user.email, 'opening the page changes nothing')
    const done = await anyone().post(link)

    assert.equal(done.status, 303)
    assert.equal(done.location, '/sign-in')
    assert.equal(await emailOf(user.id), email)
    assert.match((await signedIn.get('/')).location ?? '', /^\/sign-in/)
    assert.match((await signedIn.get('/sign-in')).body, /your e-mail address was changed/)
    assert.equal((await anyone().post(resetLink, { password: NEW_PASSWORD })).status, 410)
    assert.equal((await anyone().signInWithPassword(user.email)).status, 401)
    assert.equal((await anyone().signInWithPassword(email)).location, '/mfa/verify')
    const told = await sentMail(app, user.id, 'email-changed')
    assert.equal(told?.to.address, user.email)
    says(told, new RegExp(`From now on you sign in to the dashboard of Harbour Group with ${email}`))
    const [event] = await people.eventsOf(user.id, 'user.email-changed')
    assert.deepEqual([event?.outcome, event?.actorId], ['success', null])
    assert.match((await cast.as(ADMIN).get(`/users?q=${email}`)).body, new RegExp(`user-${user.id}`))
  })

  test('a link works once, until it is a day old, a newer one replaces it, or the change is taken back', async () => {
    const used = await asked()
    assert.equal((await anyone().post(used.link)).status, 303)
    const replaced = await asked()
    await ask(replaced.user.id, newAddress())
    const takenBack = await asked()
    await ask(takenBack.user.id, takenBack.user.email)
    for (const { link } of [used, replaced, takenBack]) {
      assert.equal((await anyone().get(link)).status, 410)
      assert.equal((await anyone().post(link)).status, 410)
    }
    assert.equal(
      await sentMail(app, takenBack.user.id, 'email-change-link'),
      null,
      'a closed link is not mailed',
    )
    const [withdrawn] = await people.eventsOf(takenBack.user.id, 'user.email-change-withdrawn')
    assert.deepEqual(withdrawn?.details, { channel: 'admin' })

    const old = await asked()
    app.clock.advance(DAY - SECOND)
    assert.equal((await anyone().get(old.link)).status, 200)
    app.clock.advance(2 * SECOND)
    assert.equal((await anyone().post(old.link)).status, 410)
    assert.equal(await emailOf(old.user.id), old.user.email)
    for (const who of [ADMIN, ADMIN2, DESK, CHILD_ADMIN, FOREIGN_ADMIN]) await cast.comeBack(who)
  })

  test('the name alone changes nothing about the address, and what waits stays', async () => {
    const { user, link } = await asked()

    await cast.as(ADMIN).post(`/users/${user.id}/profile`, { name: 'Another Name' })

    assert.equal((await anyone().get(link)).status, 200)
  })

  test('an address that cannot be one is refused beside its field, and the name is not changed either', async () => {
    const user = await colleague()

    const answer = await ask(user.id, 'no address', ADMIN, { name: 'Another Name' })

    assert.equal(answer.status, 422)
    assert.match(answer.body, /id="email-problem"/)
    assert.match(answer.body, /value="no address"/)
    assert.equal((await people.byId(user.id)).name, user.name)
  })
})

describe('an address that is in use', () => {
  test('in another account it is answered like a free one, and only the mailbox of the address learns it', async () => {
    const [foreign, free] = [await colleague(), await colleague()]
    const holder = await people.add('Meridian Foods', ['finance-operator'])

    const answers = [await ask(foreign.id, holder.email), await ask(free.id, newAddress())]

    assert.deepEqual(
      answers.map(({ status, location }) => [status, location]),
      [foreign, free].map(({ id }) => [303, `/users/${id}`]),
    )
    const opened = await anyone().get(await people.emailChangeLink(foreign.id))
    assert.equal(opened.status, 200)
    const failed = await anyone().post(await people.emailChangeLink(foreign.id))
    assert.equal(failed.status, 409)
    assert.match(failed.body, /This address is in use/)
    assert.equal(await emailOf(foreign.id), foreign.email)
    const events = await app.deps.db
      .select()
      .from(auditEvents)
      .where(and(eq(auditEvents.subjectId, foreign.id), eq(auditEvents.action, 'user.email-changed')))
    assert.deepEqual(
      events.map(({ outcome, clientId }) => [outcome, clientId]),
      [['failure', null]],
    )
    assert.doesNotMatch((await cast.as(ADMIN).get('/audit')).body, /was not changed: a user has the new one/)
    assert.match((await cast.as(ADMIN).get(`/users/${foreign.id}`)).body, /waits for its confirmation/)
  })

  test('in an account that the actor sees it is refused at once', async () => {
    const user = await colleague()
    for (const [email, who] of [
      [TECH, ADMIN],
      [CHILD_ADMIN, ADMIN],
      [FOREIGN_ADMIN, DESK],
    ] as const) {
      const answer = await ask(user.id, email, who, EVIDENCE)
      assert.equal(answer.status, 422, email)
      assert.match(answer.body, /A user with this address exists already/)
    }
  })

  test('of two people who confirm the same address at once one gets it', async () => {
    const email = newAddress()
    const both = [await asked(email), await asked(email, FOREIGN_ADMIN)]

    const answers = await Promise.all(both.map(({ link }) => anyone().post(link)))

    assert.deepEqual(answers.map(({ status }) => status).toSorted(), [303, 409])
    assert.equal(await app.deps.db.$count(users, eq(users.email, email)), 1)
  })

  test('of ten confirmations of one link at once one takes effect', async () => {
    const { user, link } = await asked()

    const answers = await Promise.all(Array.from({ length: 10 }, () => anyone().post(link)))

    assert.equal(answers.filter(({ status }) => status === 303).length, 1)
    assert.equal(answers.filter(({ status }) => status === 410).length, 9)
    assert.equal((await people.eventsOf(user.id, 'user.email-changed')).length, 1)
  })
})

describe('objecting', () => {
  const STOPS: Record<string, (user: { id: string; email: string }) => Promise<unknown>> = {
    'a new password through the old address': async ({ email }) => {
      await anyone().post('/forgot-password', { email })
      return anyone().post(await people.passwordResetLink(email), { password: NEW_PASSWORD })
    },
    'disabling the account': ({ id }) => cast.as(ADMIN2).post(`/users/${id}/disable`, EVIDENCE),
    'ending all sessions of the Admin who asked': async () => {
      const [{ sessionEpoch = 0 } = {}] = await app.deps.db
        .select()
        .from(users)
        .where(eq(users.email, CHILD_ADMIN))
      await app.deps.db
        .update(users)
        .set({ sessionEpoch: sessionEpoch + 1 })
        .where(eq(users.email, CHILD_ADMIN))
    },
  }
  for (const [what, stop] of Object.entries(STOPS))
    test(`${what} ends the change`, async () => {
      const byChildAdmin = what.startsWith('ending')
      const user = await people.add(byChildAdmin ? 'Harbour Retail' : 'Harbour Group', ['finance-operator'])
      await ask(user.id, newAddress(), byChildAdmin ? CHILD_ADMIN : ADMIN)
      const link = await people.emailChangeLink(user.id)
      assert.equal((await anyone().get(link)).status, 200)

      await stop(user)

      assert.equal((await anyone().post(link)).status, 410)
      assert.equal(await emailOf(user.id), user.email)
    })
})

describe('who may not', () => {
  test('the address of an administrator is changed by none but themselves', async () => {
    const { id, email } = await app.userNamed(CHILD_ADMIN)
    for (const [who, reason] of [
      [ADMIN, 'you can look into this account'],
      [DESK, 'Administrators change their e-mail address themselves'],
    ] as const) {
      const answer = await ask(id, newAddress(), who, EVIDENCE)
      assert.equal(answer.status, 403, who)
      assert.match(answer.body.toLowerCase(), new RegExp(reason.toLowerCase()))
    }
    assert.equal(await emailOf(id), email)
    assert.match((await cast.as(DESK).get(`/users/${id}/profile`)).body, /id="email"[^>]*readonly/)
  })

  test('the address of a user who is invited or disabled is not changed', async () => {
    for (const status of ['invited', 'disabled'] as const) {
      const { id } = await people.add('Harbour Group', ['finance-operator'], status)
      assert.equal((await ask(id, newAddress())).status, 409, status)
    }
  })

  test('one person cannot both change the address and reset the authenticator of a user within 30 days', async () => {
    const addressFirst = await asked()
    await people.enrol(addressFirst.user.id)
    const reset = (id: string, who = ADMIN) => cast.as(who).post(`/users/${id}/mfa-reset`, EVIDENCE)
    assert.equal((await reset(addressFirst.user.id)).status, 403, 'while it waits')
    await anyone().post(addressFirst.link)

    const refused = await reset(addressFirst.user.id)
    assert.equal(refused.status, 403)
    assert.match(refused.body, /You asked for another e-mail address of this person/)
    assert.match((await cast.as(ADMIN).get(`/users/${addressFirst.user.id}`)).body, /Someone else must reset/)
    assert.equal((await reset(addressFirst.user.id, ADMIN2)).status, 303, 'another Admin may')

    const resetFirst = await colleague()
    await people.enrol(resetFirst.id)
    assert.equal((await reset(resetFirst.id)).status, 303)
    assert.equal((await ask(resetFirst.id, newAddress())).status, 403)
    assert.equal((await ask(resetFirst.id, newAddress(), ADMIN2)).status, 303)
  })

  test('after ten changes within an hour a person is told to wait', async () => {
    const user = await people.add('Meridian Foods', ['finance-operator'])
    const statuses: number[] = []
    for (let index = 0; index < 11; index += 1)
      statuses.push((await ask(user.id, newAddress(), FOREIGN_ADMIN)).status)

    assert.ok(statuses.slice(0, -1).filter((status) => status === 303).length >= 8)
    assert.equal(statuses.at(-1), 429)
  })
})

describe('one’s own address', () => {
  async function enrolled() {
    const user = await people.add('Harbour Group', ['admin'])
    const browser = Object.assign(anyone(), { secret: await people.enrol(user.id) })
    assert.equal((await browser.signIn(user.email)).location, '/')
    return { user, browser }
  }

  test('password and code are asked for, and the change is mailed like any other', async () => {
    const { user, browser } = await enrolled()
    const email = newAddress()
    const empty = await browser.post('/account/email', {})
    assert.equal(empty.status, 422)
    for (const field of ['email', 'password', 'code'])
      assert.match(empty.body, new RegExp(`id="${field}-problem"`), field)
    const wrong = await browser.post('/account/email', { email, password: 'wrong', code: '000000' })
    assert.equal(wrong.status, 401)
    assert.match(wrong.body, new RegExp(`value="${email}"`))

    const done = await browser.post('/account/email', {
      email,
      password: DEMO_PASSWORD,
      code: browser.nextCode(),
    })

    assert.deepEqual([done.status, done.location], [303, '/account'])
    const account = (await browser.get('/account')).body
    assert.match(account, /A mail with a link is on its way/)
    assert.match(account, new RegExp(`${email} waits for its confirmation`))
    says(await sentMail(app, user.id, 'email-change-requested'), /You asked that you sign in/)
    assert.equal(
      (await browser.get(await people.emailChangeLink(user.id))).status,
      200,
      'also while signed in',
    )
    assert.equal((await browser.post(await people.emailChangeLink(user.id))).location, '/sign-in')
    assert.match((await browser.get('/sign-in')).body, /your e-mail address (is|was) changed/i)
    assert.equal(await emailOf(user.id), email)
    const told = await app.deps.db
      .select()
      .from(notifications)
      .where(and(eq(notifications.kind, 'administrators-changed'), isNull(notifications.sentAt)))
    const [event] = await people.eventsOf(user.id, 'user.email-changed')
    const recipients = told
      .filter(({ eventId }) => eventId === event?.id)
      .map(({ recipientId }) => recipientId)
    const admins = await app.deps.db
      .select()
      .from(users)
      .where(inArray(users.email, [ADMIN, ADMIN2]))
    assert.ok(
      admins.every(({ id }) => recipients.includes(id)),
      'the other Admins are told',
    )
  })

  test('the present address takes it back', async () => {
    const user = await colleague()
    const browser = anyone()
    await browser.signInWithPassword(user.email)
    const own = (email: string) => browser.post('/account/email', { email, password: DEMO_PASSWORD })
    await own(newAddress())
    const link = await people.emailChangeLink(user.id)

    assert.equal((await own(user.email)).status, 303)

    assert.match((await browser.get('/account')).body, /Your e-mail address stays as it is/)
    assert.equal((await anyone().post(link)).status, 410)
  })

  test('an address of another user is answered like a free one, whatever account it is in', async () => {
    const user = await colleague()
    const browser = anyone()
    await browser.signInWithPassword(user.email)
    for (const email of [TECH, FOREIGN_ADMIN, newAddress()])
      assert.equal(
        (await browser.post('/account/email', { email, password: DEMO_PASSWORD })).location,
        '/account',
        email,
      )
  })
})
