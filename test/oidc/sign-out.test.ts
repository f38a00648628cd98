// Signing out at the gate because an application asks for it (RP-Initiated Logout).
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { eq, isNull } from 'drizzle-orm'
import { oidcSessions } from '../../src/platform/db/schema/oidc.ts'
import { outbox } from '../../src/platform/db/schema/outbox.ts'
import { MINUTE, SECOND } from '../../src/platform/time/durations.ts'
import { sweepExpired } from '../../workers/sweep-expired.ts'
import type { TestApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'
import { FINANCE, TECH } from '../support/cast.ts'
import { People } from '../support/people.ts'
import { AFTER_LOGOUT, errorOf, RelyingParty, startProvider } from './relying-party.ts'

let app: TestApp
let party: RelyingParty
let other: RelyingParty
before(async () => {
  app = await startProvider()
  party = await RelyingParty.register(app)
  other = await RelyingParty.register(app, { backChannelLogoutUri: 'https://other.example/logout' })
})
after(() => app?.close())

async function inBoth() {
  const browser = app.browser()
  await browser.signInWithPassword(FINANCE)
  return { browser, ...(await party.signIn(browser)), elsewhere: await other.signIn(browser) }
}

function signOutUrl(params: Record<string, string>): string {
  return `/oidc/session/end?${new URLSearchParams(params)}`
}

function xsrfOn(browser: Browser): string {
  return /name="xsrf" value="([^"]+)"/.exec(browser.last.body)?.[1] ?? ''
}

const CONFIRM = '/oidc/session/end/confirm'

test('after a confirmation the session ends everywhere, and the browser goes back to the application', async () => {
  const { browser, tokens, accessToken, claims, elsewhere } = await inBoth()
  const asked = { id_token_hint: tokens.id_token ?? '', post_logout_redirect_uri: AFTER_LOGOUT, state: 's1' }

  const page = await browser.get(signOutUrl(asked))
  assert.equal(page.status, 200)
  assert.match(page.body, /<h1>Sign out<\/h1>/)
  assert.match(
    page.headers.get('content-security-policy') ?? '',
    /form-action 'self' http:\/\/127\.0\.0\.1:9;/,
  )
  assert.equal(await errorOf(party.userinfo(accessToken, claims.sub)), 'none', 'nothing has ended yet')
  const done = await browser.post(CONFIRM, { xsrf: xsrfOn(browser), logout: 'yes' })

  assert.deepEqual([done.status, done.location], [303, `${AFTER_LOGOUT}?state=s1`])
  assert.equal(browser.cookies.get('sid'), undefined)
  assert.match((await browser.get('/')).location ?? '', /^\/sign-in/)
  assert.equal(await errorOf(party.userinfo(accessToken, claims.sub)), 'invalid_token')
  assert.equal(await errorOf(other.userinfo(elsewhere.accessToken, claims.sub)), 'invalid_token')
  const [event] = await new People(app).eventsOf(FINANCE, 'sign-out')
  assert.equal(event?.outcome, 'success')
  const told = await app.deps.db.select().from(outbox).where(eq(outbox.job, 'tell-application'))
  assert.equal(told.length, 1, 'the application with a back channel is told')
})

test('who stays signed in leaves that application only', async () => {
  const { browser, tokens, accessToken, claims, elsewhere } = await inBoth()
  await browser.get(
    signOutUrl({ id_token_hint: tokens.id_token ?? '', post_logout_redirect_uri: AFTER_LOGOUT }),
  )

  const { location } = await browser.post(CONFIRM, { xsrf: xsrfOn(browser) })

  assert.equal(location, AFTER_LOGOUT)
  assert.equal((await browser.get('/')).status, 200)
  assert.equal(await errorOf(party.userinfo(accessToken, claims.sub)), 'invalid_token')
  assert.equal(await errorOf(other.userinfo(elsewhere.accessToken, claims.sub)), 'none')
})

test('a person with MFA is signed out in the same way', async () => {
  const browser = app.browser()
  await browser.enrolAndSignIn(TECH)
  await party.signIn(browser)

  await browser.get(signOutUrl({ client_id: party.id }))
  const done = await browser.post(CONFIRM, { xsrf: xsrfOn(browser), logout: 'yes' })

  assert.equal(new URL(done.location ?? '').pathname, '/oidc/session/end/success')
  assert.equal((await browser.get(done.location ?? '')).location, '/')
  assert.match((await browser.get('/')).location ?? '', /^\/sign-in/)
})

test('an address that is not registered is refused, and without an application it is ignored', async () => {
  const { browser, tokens } = await inBoth()

  const foreign = await browser.get(
    signOutUrl({
      id_token_hint: tokens.id_token ?? '',
      post_logout_redirect_uri: 'https://evil.example/',
    }),
  )
  assert.deepEqual([foreign.status, foreign.location], [400, null])

  const page = await browser.get(signOutUrl({ post_logout_redirect_uri: 'https://evil.example/' }))
  assert.doesNotMatch(page.headers.get('content-security-policy') ?? '', /evil/)
  const done = await browser.post(CONFIRM, { xsrf: xsrfOn(browser), logout: 'yes' })
  assert.doesNotMatch(done.location ?? '', /evil/)
})

test('a forged form, or one from another site, ends no session', async () => {
  const { browser } = await inBoth()
  await browser.get('/oidc/session/end')

  assert.equal((await browser.post(CONFIRM, { xsrf: 'forged', logout: 'yes' })).status, 400)
  const elsewhere = { 'sec-fetch-site': 'cross-site' }
  assert.equal((await browser.post(CONFIRM, { xsrf: xsrfOn(browser), logout: 'yes' }, elsewhere)).status, 403)
  assert.equal((await browser.get('/')).status, 200)
})

test('a browser that is signed out already goes back to the application by a form', async () => {
  const { browser, tokens } = await inBoth()
  await browser.post('/sign-out')

  const page = await browser.get(
    signOutUrl({ id_token_hint: tokens.id_token ?? '', post_logout_redirect_uri: AFTER_LOGOUT }),
  )
  assert.match(
    page.headers.get('content-security-policy') ?? '',
    /form-action 'self' http:\/\/127\.0\.0\.1:9;/,
  )
  const done = await browser.post(CONFIRM, { xsrf: xsrfOn(browser), logout: 'yes' })

  assert.equal(done.location, AFTER_LOGOUT)
})

test('revoking a token ends the grant of that application only', async () => {
  const { accessToken, refreshToken, claims, elsewhere } = await inBoth()

  await party.revoke(refreshToken)

  assert.equal(await errorOf(party.userinfo(accessToken, claims.sub)), 'invalid_token')
  assert.equal(await errorOf(party.refresh(refreshToken)), 'invalid_grant')
  assert.equal(await errorOf(other.userinfo(elsewhere.accessToken, claims.sub)), 'none')
})

test('what is stored for a browser that is signed out is removed after 10 minutes', async () => {
  const { db, config } = app.deps
  const stored = () => db.select().from(oidcSessions).where(isNull(oidcSessions.sessionId))
  const before = (await stored()).length
  await app.browser().get('/oidc/session/end')
  assert.equal((await stored()).length, before + 1)

  app.clock.advance(10 * MINUTE + SECOND)
  await sweepExpired({ db, config, clock: app.clock })

  assert.equal((await stored()).length, 0)
})
