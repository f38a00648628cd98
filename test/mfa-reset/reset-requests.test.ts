// 'Lost your phone?': a case for those who may reset. It resets nothing by itself.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { and, eq } from 'drizzle-orm'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import { resetRequests } from '../../src/platform/db/schema/reset-requests.ts'
import { DAY, MINUTE } from '../../src/platform/time/durations.ts'
import type { TestApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'
import { ADMIN, ADMIN2, Cast, CHILD_ADMIN, DESK, DESK2, EVIDENCE, FOREIGN_ADMIN } from '../support/cast.ts'

let cast: Cast
let app: TestApp
before(async () => {
  cast = await Cast.assemble([ADMIN, ADMIN2, CHILD_ADMIN, DESK, DESK2], [FOREIGN_ADMIN])
  app = cast.app
})
after(() => app.close())

async function atVerify(account = 'Harbour Group', keys = ['tech-operator']) {
  const user = await cast.people.add(account, keys)
  const browser = app.browser()
  browser.secret = await cast.people.enrol(user.id)
  assert.equal((await browser.signInWithPassword(user.email)).location, '/mfa/verify')
  return { user, browser }
}

const ask = (browser: Browser) => browser.post('/reset-requests')

/** How many mails of a kind a person got. */
async function mails(email: string, kind: string): Promise<number> {
  const { id } = await app.userNamed(email)
  return app.deps.db.$count(
    notifications,
    and(eq(notifications.recipientId, id), eq(notifications.kind, kind)),
  )
}

async function isListed(viewer: string, userId: string, page = '/'): Promise<boolean> {
  const answer = await cast.as(viewer).get(page)
  assert.equal(answer.status, 200, `${viewer} sees ${page}`)
  return answer.body.includes(`data-reset-request="${userId}"`)
}

const hasAsked = async (userId: string) =>
  (await app.deps.db.$count(resetRequests, eq(resetRequests.userId, userId))) === 1

describe('a person past the password', () => {
  test('asks for a reset: the account’s Admins see it on Home and get a mail, and nothing is reset', async () => {
    const { user, browser } = await atVerify()
    assert.match((await browser.get('/mfa/verify')).body, /Lost your phone/)
    const before = await mails(ADMIN, 'reset-request')

    const answer = await ask(browser)

    assert.deepEqual([answer.status, answer.location], [303, '/mfa/verify'])
    assert.match(
      (await browser.get('/mfa/verify')).body,
      /The people who may reset your authenticator see your request/,
    )
    assert.equal(await isListed(ADMIN, user.id), true)
    assert.match(cast.as(ADMIN).last.body, /The request proves nothing/)
    assert.equal((await mails(ADMIN, 'reset-request')) - before, 1)
    assert.equal(await mails(user.email, 'reset-asked-for'), 1)
    for (const other of [CHILD_ADMIN, FOREIGN_ADMIN, DESK])
      assert.equal(await mails(other, 'reset-request'), 0, other)
    assert.equal(await isListed(DESK, user.id), false)
    const [event] = await cast.people.eventsOf(user.id, 'mfa-reset.asked-for')
    assert.deepEqual([event?.outcome, event?.clientId], ['success', user.clientId])
    assert.equal((await browser.verify(browser.nextCode())).location, '/', 'the authenticator still works')
  })

  test('makes one case an hour, also with 20 requests at once, each is answered alike, and the first repeat is on record', async () => {
    const { user, browser } = await atVerify()
    const before = await mails(ADMIN, 'reset-request')

    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(browser)))

    assert.ok(answers.every(({ status, location }) => status === 303 && location === '/mfa/verify'))
    assert.equal((await mails(ADMIN, 'reset-request')) - before, 1)
    const events = await cast.people.eventsOf(user.id, 'mfa-reset.asked-for')
    assert.deepEqual(events.map(({ outcome }) => outcome).sort(), ['refused', 'success'])
    app.clock.advance(59 * MINUTE)
    await browser.signInWithPassword(user.email)
    await ask(browser)
    assert.equal((await mails(ADMIN, 'reset-request')) - before, 1)
    app.clock.advance(2 * MINUTE)
    await ask(browser)
    assert.equal((await mails(ADMIN, 'reset-request')) - before, 2)
    for (const email of [ADMIN, ADMIN2, CHILD_ADMIN, DESK, DESK2]) await cast.comeBack(email)
    await cast.as(FOREIGN_ADMIN).signInWithPassword(FOREIGN_ADMIN)
  })

  test('who is an Admin is dealt with by the Service Desk, not by the other Admins', async () => {
    const { user, browser } = await atVerify('Harbour Group', ['admin'])
    const before = await mails(ADMIN, 'reset-request')

    await ask(browser)

    assert.equal(await isListed(DESK, user.id), true)
    assert.equal(await isListed(ADMIN, user.id), false)
    assert.equal((await mails(DESK, 'reset-request')) > 0, true)
    assert.equal((await mails(DESK2, 'reset-request')) > 0, true)
    assert.equal(await mails(ADMIN, 'reset-request'), before)
  })

  test('asks on the page of a lock, in the sign-in that it ended and in the next', async () => {
    const { user, browser } = await atVerify()
    for (let wrong = 0; wrong < 5; wrong += 1) await browser.verify(browser.wrongCode())
    assert.match(browser.last.body, /action="\/reset-requests"/)
    assert.equal((await browser.verify(browser.wrongCode())).status, 429)
    assert.match(browser.last.body, /action="\/reset-requests"/, 'a code after the one that locked')

    const answer = await ask(browser)

    assert.deepEqual([answer.status, answer.location], [303, '/sign-in'])
    assert.match((await browser.get('/sign-in')).body, /see your request/)
    assert.equal(await hasAsked(user.id), true)
    app.clock.advance(1_000)
    await browser.signInWithPassword(user.email)
    assert.match((await browser.get('/mfa/verify')).body, /action="\/reset-requests"/)
    assert.equal((await ask(browser)).location, '/mfa/verify')
    assert.match((await browser.get('/mfa/verify')).body, /Locked for now.*see your request/s)
  })
})

describe('no case is made', () => {
  test('without a password, at enrolment, signed in, or after the half-way sign-in is over', async () => {
    const stranger = app.browser()
    assert.equal((await ask(stranger)).location, '/sign-in')

    const newcomer = await cast.people.add('Harbour Group', ['tech-operator'])
    const enrolling = app.browser()
    await enrolling.signInWithPassword(newcomer.email)
    assert.equal((await ask(enrolling)).location, '/mfa/enrol')

    const admin = await app.userNamed(ADMIN)
    assert.equal((await ask(cast.as(ADMIN))).location, '/')

    const { user, browser } = await atVerify()
    app.clock.advance(11 * MINUTE)
    assert.equal((await ask(browser)).location, '/sign-in')
    for (const { id } of [newcomer, admin, user]) assert.equal(await hasAsked(id), false)
  })

  test('from another site', async () => {
    const { user, browser } = await atVerify()
    const answer = await browser.post('/reset-requests', {}, { 'sec-fetch-site': 'cross-site' })
    assert.equal(answer.status, 403)
    assert.equal(await hasAsked(user.id), false)
  })
})

describe('a request closes', () => {
  test('when the person signs in with the authenticator', async () => {
    const { user, browser } = await atVerify()
    await ask(browser)
    assert.equal(await isListed(ADMIN, user.id), true)
    await browser.verify(browser.nextCode())
    assert.equal(await isListed(ADMIN, user.id), false)
  })

  test('when the person is reset', async () => {
    const { user, browser } = await atVerify()
    await ask(browser)
    await cast.comeBack(ADMIN)
    assert.equal((await cast.reset(ADMIN, user.email)).status, 303)
    assert.equal(await isListed(ADMIN, user.id), false)
  })

  test('after 7 days, and not before', async () => {
    const { user, browser } = await atVerify()
    await ask(browser)
    app.clock.advance(7 * DAY - MINUTE)
    await cast.comeBack(ADMIN)
    assert.equal(await isListed(ADMIN, user.id), true)
    app.clock.advance(MINUTE)
    assert.equal(await isListed(ADMIN, user.id), false)
    for (const email of [ADMIN2, CHILD_ADMIN, DESK, DESK2]) await cast.comeBack(email)
    await cast.as(FOREIGN_ADMIN).signInWithPassword(FOREIGN_ADMIN)
  })
})

test('the parent account’s Admin sees a request of a child account and can do nothing about it', async () => {
  const { user, browser } = await atVerify('Harbour Retail')
  await ask(browser)

  assert.equal(await isListed(CHILD_ADMIN, user.id), true)
  assert.equal(await isListed(ADMIN, user.id, `/clients/${user.clientId}`), true)
  assert.equal(await isListed(ADMIN, user.id), false, 'Home lists what the Admin has to do')
  assert.equal((await cast.as(ADMIN).post(`/users/${user.id}/mfa-reset`, EVIDENCE)).status, 403)
  assert.equal((await cast.as(FOREIGN_ADMIN).get(`/clients/${user.clientId}`)).status, 404)
})

test('the eleventh request of an account within an hour is listed and mailed to no Admin', async () => {
  app.clock.advance(61 * MINUTE)
  await cast.comeBack(CHILD_ADMIN)
  const before = await mails(CHILD_ADMIN, 'reset-request')
  const asked = []
  for (let person = 1; person <= 11; person += 1) {
    const { user, browser } = await atVerify('Harbour Retail')
    await ask(browser)
    app.clock.advance(1_000)
    asked.push(user)
  }
  assert.equal((await mails(CHILD_ADMIN, 'reset-request')) - before, 10)
  const last = asked.at(-1)
  assert.ok(last)
  assert.equal(await mails(last.email, 'reset-asked-for'), 1, 'the person gets a mail in any case')
  assert.equal(await isListed(CHILD_ADMIN, last.id), true)
})
