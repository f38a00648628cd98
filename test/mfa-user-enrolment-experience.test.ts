// The specification, 'MFA user enrolment experience', flow by flow and sentence by sentence.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startApp, type TestApp } from './support/app.ts'
import { problemOf } from './support/browser.ts'
import { People } from './support/people.ts'
import { totp } from './support/rfc6238.ts'

let app: TestApp
before(async () => {
  app = await startApp()
})
after(() => app.close())

const DASHBOARD_ACTIONS = [
  ['GET', '/'],
  ['GET', '/users'],
  ['GET', '/account'],
  ['GET', '/mfa-policy'],
  ['GET', '/audit.csv'],
  ['GET', '/ops/queues'],
  ['POST', '/users'],
  ['POST', '/mfa-policy'],
  ['POST', '/account/password'],
  ['POST', '/account/sessions/end-others'],
  ['GET', '/account/authenticator'],
  ['POST', '/account/authenticator'],
  ['POST', '/account/authenticator/confirm'],
  ['POST', '/account/authenticator/restart'],
  ['DELETE', '/users'],
  ['PUT', '/'],
] as const

describe('1. Existing users of a role group requiring MFA that have not yet enrolled an MFA device', () => {
  test('on their next login attempt the user is intercepted and prompted to set up MFA', async () => {
    const theo = app.browser()

    const answer = await theo.signInWithPassword('tech@harbour.example')

    assert.equal(answer.status, 303)
    assert.equal(answer.location, '/mfa/enrol')
    const page = await theo.get('/mfa/enrol')
    assert.match(page.body, /href="otpauth:\/\/totp\//)
    assert.match(page.body, /<svg/)
    assert.match(page.body, /id="manual-key"/)
  })

  test('the user cannot access or perform any Dashboard actions until MFA enrolment is completed', async () => {
    const admin = app.browser()
    await admin.signInWithPassword('admin@harbour.example')

    for (const [method, path] of DASHBOARD_ACTIONS) {
      const answer = await admin.request(method, path, { headers: { 'sec-fetch-site': 'same-origin' } })
      assert.equal(answer.status, 303, `${method} ${path}`)
      assert.equal(answer.location, '/mfa/enrol', `${method} ${path}`)
    }
  })

  test('once enrolled the user is redirected to authenticate and may then proceed to the Dashboard', async () => {
    const theo = app.browser()
    await theo.signInWithPassword('tech@retail.harbour.example')

    const enrolled = await theo.enrol()
    assert.equal(enrolled.status, 303)
    assert.equal(enrolled.location, '/mfa/verify')
    const early = await theo.get('/')
    assert.equal(early.location, '/mfa/verify', 'the dashboard stays closed until the user authenticates')
    const verified = await theo.verify(theo.nextCode())

    assert.equal(verified.status, 303)
    assert.equal(verified.location, '/')
    const dashboard = await theo.get('/')
    assert.equal(dashboard.status, 200)
    assert.match(dashboard.body, /Harbour Retail/)
  })

  test('the code that completed enrolment does not also authenticate', async () => {
    const theo = app.browser()
    await theo.signInWithPassword('admin@retail.harbour.example')
    await theo.enrol()

    const again = await theo.verify(theo.code())

    assert.equal(again.status, 401)
    assert.equal((await theo.get('/')).location, '/mfa/verify')
  })

  test('a wrong code enrols nothing, and the same key is still shown', async () => {
    const user = app.browser()
    await user.signInWithPassword('tech@online.harbour.example')
    const key = await user.scanKey()

    const answer = await user.post('/mfa/enrol', { code: user.wrongCode() })

    assert.equal(answer.status, 401)
    assert.match(answer.body, /role="alert"/)
    assert.deepEqual(await user.scanKey(), key)
    assert.equal((await user.get('/mfa/verify')).location, '/mfa/enrol')
  })

  test('starting over makes a new key for the rest of the time, and a code of the old one is refused', async () => {
    const user = app.browser()
    await user.signInWithPassword('tech@online.harbour.example')
    const old = await user.scanKey()
    const end = /This key waits for you until <time[^>]*>/
    const waits = end.exec((await user.get('/mfa/enrol')).body)?.[0]
    app.clock.advance(3 * 60_000)

    assert.equal((await user.post('/mfa/enrol/restart')).location, '/mfa/enrol')
    const page = await user.get('/mfa/enrol')
    assert.match(page.body, /Here is a new key/)
    assert.equal(end.exec(page.body)?.[0], waits, 'not longer than the sign-in')
    const fresh = await user.scanKey()

    assert.notDeepEqual(fresh, old)
    assert.equal((await user.post('/mfa/enrol', { code: totp(old, app.clock.now()) })).status, 401)
  })

  test('a key that was shown to one browser is not shown to another that knows the password too', async () => {
    const owner = app.browser()
    const thief = app.browser()
    await owner.signInWithPassword('tech@online.harbour.example')
    const ownersKey = await owner.scanKey()
    await thief.signInWithPassword('tech@online.harbour.example')

    const thiefsKey = await thief.scanKey()

    assert.notDeepEqual(thiefsKey, ownersKey)
    const answer = await owner.post('/mfa/enrol', { code: totp(ownersKey, app.clock.now()) })
    assert.equal(answer.status, 409, 'the key that was replaced is void')
  })

  test('a user whose enrolment was done in another browser sees that on the page', async () => {
    const here = app.browser()
    const elsewhere = app.browser()
    for (const browser of [here, elsewhere]) {
      await browser.signInWithPassword('tech@online.harbour.example')
      await browser.scanKey()
    }
    app.clock.advance(1000)
    assert.equal((await elsewhere.enrol()).location, '/mfa/verify')

    assert.equal((await here.post('/mfa/enrol', { code: here.code() })).location, '/mfa/verify')
    assert.match((await here.get('/mfa/verify')).body, /was set up for you in another browser/)
    assert.doesNotMatch(here.last.body, /Your authenticator is set up/)
    const wrong = await here.verify(elsewhere.wrongCode())
    assert.match(wrong.body, /another browser meanwhile/)
    assert.match(problemOf(wrong, 'code'), /not right/)
    assert.match(wrong.body, /id="code-problem" role="alert"/, 'what is newer is what is heard')
    assert.match((await elsewhere.get('/mfa/verify')).body, /Your authenticator is set up/)
    assert.doesNotMatch(elsewhere.last.body, /another browser/)
  })

  test('a user of no role group that requires MFA signs in with the password alone', async () => {
    const user = app.browser()

    const answer = await user.signInWithPassword('finance@harbour.example')

    assert.equal(answer.location, '/')
    assert.equal((await user.get('/')).status, 200)
  })
})

describe('2. New users added to a dashboard user role group that requires MFA', () => {
  test('a new user goes from the invitation through password, enrolment and authentication to the dashboard', async () => {
    const nora = app.browser()
    const link = await new People(app).invitationLink('new.tech@harbour.example')

    const welcome = await nora.get(link)
    assert.equal(welcome.status, 200)
    const accepted = await nora.post(link, { password: 'a long and unusual sentence' })
    assert.equal(accepted.status, 303)
    assert.equal(accepted.location, '/mfa/enrol')
    assert.equal(
      (await app.userNamed('new.tech@harbour.example')).status,
      'invited',
      'not active by the password alone',
    )

    assert.equal((await nora.get('/')).location, '/mfa/enrol')
    assert.equal((await nora.enrol()).location, '/mfa/verify')
    assert.equal(
      (await app.userNamed('new.tech@harbour.example')).status,
      'invited',
      'not active by enrolment alone',
    )

    assert.equal((await nora.verify(nora.nextCode())).location, '/')
    assert.equal((await nora.get('/')).status, 200)
    assert.equal((await app.userNamed('new.tech@harbour.example')).status, 'active')

    const again = await app.browser().get(link)
    assert.equal(again.status, 410, 'the link works once')
  })
})

describe('3. MFA requirement at login for enrolled users', () => {
  test('the user is presented with the MFA prompt and must enter their TOTP code', async () => {
    const user = app.browser()
    await user.enrolAndSignIn('admin2@harbour.example')
    await user.post('/sign-out')

    assert.equal((await user.signInWithPassword('admin2@harbour.example')).location, '/mfa/verify')
    assert.equal((await user.get('/')).location, '/mfa/verify')
    const answer = await user.verify(user.nextCode())

    assert.equal(answer.location, '/', 'successful MFA authentication grants access to the Dashboard')
    assert.equal((await user.get('/')).status, 200)
  })
})
