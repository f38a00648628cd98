// Running a client account: disabling and enabling.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { eq } from 'drizzle-orm'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import { sessions } from '../../src/platform/db/schema/sessions.ts'
import type { TestApp } from '../support/app.ts'
import { problemOf } from '../support/browser.ts'
import { ADMIN, Cast } from '../support/cast.ts'
import type { People } from '../support/people.ts'

const NEW_PASSWORD = 'seven green lanterns in fog'
const EVIDENCE = { reason: 'Asked for in person', ticket: 'SD-4711' }

let cast: Cast
let app: TestApp
let people: People
before(async () => {
  cast = await Cast.assemble([ADMIN], [])
  ;({ app, people } = cast)
})
after(() => app.close())

describe('disabling and enabling', () => {
  test('disabling ends every session at its next request, half-way ones too, and no password signs in until enabled again', async () => {
    const user = await people.add('Harbour Group', ['tech-operator'])
    const browser = app.browser()
    await browser.enrolAndSignIn(user.email)
    const half = app.browser()
    half.secret = browser.secret
    await half.signInWithPassword(user.email)

    const answer = await cast.as(ADMIN).post(`/users/${user.id}/disable`, { reason: 'Left the company' })

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

    assert.equal((await cast.as(ADMIN).post(`/users/${user.id}/enable`, { reason: 'Is back' })).status, 303)

    assert.equal(
      (await browser.signInWithPassword(user.email)).location,
      '/mfa/verify',
      'the authenticator stayed',
    )
    assert.equal((await browser.verify(browser.nextCode())).location, '/')
    assert.ok((await kinds()).includes('account-enabled'))
    assert.equal((await people.eventsOf(user.id, 'user.enabled')).length, 1)
  })

  test('a user who was never active is invited again after being enabled, and enrols as before', async () => {
    const fields = people.newcomer({ roleGroups: 'tech-operator' })
    await cast.as(ADMIN).post('/users', fields)
    const { id } = await app.userNamed(fields.email ?? '')
    const link = await people.invitationLink(id)

    await cast.as(ADMIN).post(`/users/${id}/disable`, { reason: 'Not yet' })
    assert.equal((await app.browser().get(link)).status, 410)
    await cast.as(ADMIN).post(`/users/${id}/enable`, { reason: 'Now' })

    assert.equal((await people.byId(id)).status, 'invited')
    assert.equal((await app.browser().post(link, { password: NEW_PASSWORD })).location, '/mfa/enrol')
  })

  test('disabling needs a reason, and disabling twice is answered 409', async () => {
    const user = await people.add('Harbour Group', ['tech-operator'])
    for (const reason of ['', '   ', 'x'.repeat(501)]) {
      const answer = await cast.as(ADMIN).post(`/users/${user.id}/disable`, { reason })
      assert.equal(answer.status, 422)
      assert.notEqual(problemOf(answer, 'reason'), '')
    }
    assert.equal((await cast.as(ADMIN).post(`/users/${user.id}/enable`, EVIDENCE)).status, 409)
    assert.equal((await cast.as(ADMIN).post(`/users/${user.id}/disable`, EVIDENCE)).status, 303)
    assert.equal((await cast.as(ADMIN).post(`/users/${user.id}/disable`, EVIDENCE)).status, 409)
  })

  test('disabling during a sign-in leaves no session, in each of 10 rounds', async () => {
    const user = await people.add('Harbour Group', ['finance-operator'])
    for (let round = 0; round < 10; round += 1) {
      const racer = app.browser()

      const [, answer] = await Promise.all([
        racer.signInWithPassword(user.email),
        cast.as(ADMIN).post(`/users/${user.id}/disable`, EVIDENCE),
      ])

      assert.equal(answer.status, 303)
      assert.equal((await racer.get('/')).location, '/sign-in', `round ${round}`)
      assert.equal((await cast.as(ADMIN).post(`/users/${user.id}/enable`, EVIDENCE)).status, 303)
      await app.database.sql`delete from lockouts`
    }
  })
})
