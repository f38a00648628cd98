// Unlocking, by the same permissions as a reset.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { TestApp } from '../support/app.ts'
import { ADMIN, ADMIN2, Cast, CHILD_ADMIN, CHILD_TECH, DESK } from '../support/cast.ts'

let cast: Cast
let app: TestApp

before(async () => {
  cast = await Cast.assemble()
  app = cast.app
})
after(() => app.close())
describe('unlocking, by the same permissions', () => {
  const unlock = async (actor: string, target: string) =>
    cast.as(actor).post(`/users/${(await cast.app.userNamed(target)).id}/unlock`, { reason: 'Called me' })

  test('an Admin lifts the lock of a user of the own account and of no other', async () => {
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
