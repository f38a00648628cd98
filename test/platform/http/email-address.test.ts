// An e-mail address names one account, however its ASCII letters are typed.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { users } from '../../../src/platform/db/schema/users.ts'
import { canonicalEmail } from '../../../src/platform/http/email-address.ts'
import { startApp, type TestApp } from '../../support/app.ts'
import { problemOf } from '../../support/browser.ts'
import { ADMIN, DESK } from '../../support/cast.ts'
import { People } from '../../support/people.ts'

const WITH_KELVIN_SIGN = 'des\u212a@platform.example'

let app: TestApp
before(async () => {
  app = await startApp()
})
after(() => app.close())

test('surrounding spaces and ASCII capitals of an address make no difference, and other letters stay', () => {
  assert.equal(canonicalEmail('  Desk@PLATFORM.example\t'), DESK)
  for (const other of ['\u212a', '\u0130', '\u00c4', '\u0410', '\u1e9e'])
    assert.equal(canonicalEmail(other), other)
})

test('the right password does not sign in under an address with the Kelvin sign in place of k', async () => {
  const lookAlike = await app.browser().signInWithPassword(WITH_KELVIN_SIGN)
  const right = await app.browser().signInWithPassword('DESK@platform.example')

  assert.equal(lookAlike.status, 401)
  assert.equal(right.location, '/mfa/enrol')
})

test('wrong passwords under a look-alike address do not lock the account it looks like', async () => {
  for (let i = 0; i < 5; i += 1) await app.browser().signInWithPassword(WITH_KELVIN_SIGN, 'a wrong password')

  assert.equal((await app.browser().signInWithPassword(WITH_KELVIN_SIGN)).status, 429)
  assert.equal((await app.browser().signInWithPassword(DESK)).location, '/mfa/enrol')
})

test('the database keeps one account for an address in capitals and in small letters', async () => {
  const { clientId } = await app.userNamed(DESK)
  const sameAddress = { clientId, email: 'DESK@platform.example', name: 'Another' }

  const added = await app.deps.db.insert(users).values(sameAddress).onConflictDoNothing().returning()

  assert.deepEqual(added, [])
})

test('an invitation to an address that is not plain ASCII is refused beside its field', async () => {
  const admin = app.browser()
  await admin.enrolAndSignIn(ADMIN)
  const people = new People(app)

  const refused = await admin.post('/users', people.newcomer({ email: 'ann@harbo\u0443r.example' }))
  const invited = await admin.post('/users', people.newcomer({ email: 'Ann@Harbour.example' }))

  assert.equal(refused.status, 422)
  assert.match(problemOf(refused, 'email'), /plain letters a to z/)
  assert.equal(invited.status, 303)
  assert.equal((await app.userNamed('ann@harbour.example')).status, 'invited')
})
