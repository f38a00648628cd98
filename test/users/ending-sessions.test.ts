// Where a user is signed in, and ending that without disabling them.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { and, eq } from 'drizzle-orm'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import { sessions } from '../../src/platform/db/schema/sessions.ts'
import type { TestApp } from '../support/app.ts'
import { type Browser, DEMO_PASSWORD, problemOf } from '../support/browser.ts'
import { ADMIN, ADMIN2, Cast, CHILD_ADMIN, DESK, FOREIGN_ADMIN } from '../support/cast.ts'
import type { People } from '../support/people.ts'

const EVIDENCE = { reason: 'Left the laptop on the train', ticket: 'SD-4711' }
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

let cast: Cast
let app: TestApp
let people: People
before(async () => {
  cast = await Cast.assemble([ADMIN, ADMIN2, CHILD_ADMIN, DESK], [FOREIGN_ADMIN])
  ;({ app, people } = cast)
})
after(() => app.close())

/** A new user of the account, signed in with Firefox. */
async function signedIn(account = 'Harbour Group') {
  const user = await people.add(account, ['finance-operator'])
  const browser = app.browser()
  const form = { email: user.email, password: DEMO_PASSWORD }
  assert.equal((await browser.post('/sign-in', form, { 'user-agent': FIREFOX })).location, '/')
  return { user, browser }
}

async function sectionOf(viewer: Browser, userId: string): Promise<string> {
  const { status, body } = await viewer.get(`/users/${userId}`)
  assert.equal(status, 200)
  return /<section class="history" id="sessions".*?<\/section>/s.exec(body)?.[0] ?? ''
}

describe('where a user is signed in', () => {
  test('the page of a user shows each session with browser, network address, begin and last use', async () => {
    const { user } = await signedIn()
    const [row] = await app.deps.db.select().from(sessions).where(eq(sessions.userId, user.id))
    assert.ok(row)

    const section = await sectionOf(cast.as(ADMIN), user.id)

    assert.match(section, /Firefox on Linux.*127\.0\.0\.1/s)
    assert.ok(section.includes(`Began</span><time datetime="${app.clock.now().toISOString()}"`))
    assert.ok(section.includes(`Last seen</span><time datetime="${row.touchedAt.toISOString()}"`))
    assert.match(section, new RegExp(`href="/users/${user.id}/sessions/end[?"]`))
    assert.doesNotMatch(section, /<form|Mozilla|This one/)
    assert.ok(!section.includes(row.id), 'the key of the table is not shown')
  })

  test('a parent Admin and an Admin of another Admin see the sessions and cannot end them', async () => {
    const { user } = await signedIn('Harbour Retail')
    const admin2 = await app.userNamed(ADMIN2)

    for (const id of [user.id, admin2.id]) {
      const section = await sectionOf(cast.as(ADMIN), id)

      assert.match(section, /127\.0\.0\.1/)
      assert.doesNotMatch(section, /sessions\/end/)
      assert.equal((await cast.as(ADMIN).get(`/users/${id}/sessions/end`)).status, 403)
      assert.equal((await cast.as(ADMIN).post(`/users/${id}/sessions/end`, EVIDENCE)).status, 403)
    }
    assert.equal((await cast.as(ADMIN2).get('/')).status, 200, 'the other Admin is still signed in')
    assert.match(await sectionOf(cast.as(CHILD_ADMIN), user.id), /sessions\/end/)
    assert.match(await sectionOf(cast.as(DESK), admin2.id), /sessions\/end/)
    assert.equal((await cast.as(FOREIGN_ADMIN).get(`/users/${user.id}`)).status, 404)
  })

  test('a user who is signed in nowhere has no sessions and nothing to end', async () => {
    const { id } = await people.add('Harbour Group', ['finance-operator'])

    const section = await sectionOf(cast.as(ADMIN), id)

    assert.match(section, /Nowhere\./)
    assert.doesNotMatch(section, /sessions\/end/)
  })
})

describe('ending the sessions of a user', () => {
  test('every session of the user ends at its next request, says why, and is recorded and mailed', async () => {
    const { user, browser } = await signedIn()
    const second = app.browser()
    assert.equal((await second.signInWithPassword(user.email)).location, '/')
    const { browser: other } = await signedIn()

    const answer = await cast.as(ADMIN).post(`/users/${user.id}/sessions/end`, EVIDENCE)

    assert.deepEqual([answer.status, answer.location], [303, `/users/${user.id}`])
    assert.match((await cast.as(ADMIN).get(`/users/${user.id}`)).body, /is signed out everywhere/)
    for (const each of [browser, second]) {
      assert.equal((await each.get('/')).location, '/sign-in')
      assert.match((await each.get('/sign-in')).body, /an Admin or the Service Desk ended all your sessions/)
    }
    assert.equal((await other.get('/')).status, 200, 'others are not signed out')
    assert.deepEqual(await app.deps.db.select().from(sessions).where(eq(sessions.userId, user.id)), [])
    const [event] = await people.eventsOf(user.id, 'user.sessions-ended')
    assert.deepEqual(event?.details, { channel: 'admin', reason: EVIDENCE.reason })
    const mails = await app.deps.db
      .select()
      .from(notifications)
      .where(and(eq(notifications.recipientId, user.id), eq(notifications.kind, 'sessions-ended')))
    assert.deepEqual(
      mails.map(({ eventId }) => eventId),
      [event?.id],
    )
    assert.equal((await browser.signInWithPassword(user.email)).location, '/', 'they may sign in again')
  })

  test('a session that is in use meanwhile is ended, in each of 10 rounds', async () => {
    const user = await people.add('Harbour Group', ['finance-operator'])
    for (let round = 0; round < 10; round += 1) {
      const racer = app.browser()
      await racer.signInWithPassword(user.email)

      await Promise.all([racer.get('/'), cast.as(ADMIN).post(`/users/${user.id}/sessions/end`, EVIDENCE)])

      assert.equal((await racer.get('/')).location, '/sign-in', `round ${round}`)
    }
  })

  test('it needs a reason, and of the Service Desk a ticket too', async () => {
    const { user, browser } = await signedIn()

    const admins = await cast.as(ADMIN).post(`/users/${user.id}/sessions/end`, { reason: ' ' })
    const desks = await cast.as(DESK).post(`/users/${user.id}/sessions/end`, { reason: 'Asked by phone' })

    assert.deepEqual([admins.status, desks.status], [422, 422])
    assert.notEqual(problemOf(admins, 'reason'), '')
    assert.notEqual(problemOf(desks, 'ticket'), '')
    assert.match(desks.body, /Asked by phone/)
    assert.equal((await browser.get('/')).status, 200, 'nothing ended')
  })
})
