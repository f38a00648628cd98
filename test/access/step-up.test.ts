// Step-up: an administering user confirms again when the last step-up is older than 10 minutes.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { and, eq } from 'drizzle-orm'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import { MINUTE } from '../../src/platform/time/durations.ts'
import type { TestApp } from '../support/app.ts'
import { DEMO_PASSWORD } from '../support/browser.ts'
import { ADMIN, ADMIN2, Cast, EVIDENCE, FOREIGN_ADMIN, TECH } from '../support/cast.ts'

let cast: Cast
let app: TestApp

before(async () => {
  cast = await Cast.assemble()
  app = cast.app
})
after(() => app.close())
describe('step-up', () => {
  test('an Admin whose last step-up is older than 10 minutes confirms again, and the reset continues', async () => {
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

  test('a wrong step-up code is recorded as such, and no mail claims that a password was stolen', async () => {
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

  test('a step-up without an authenticator asks for the password and counts it like any other', async () => {
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
