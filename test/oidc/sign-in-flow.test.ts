// Authorization code with PKCE from a real relying party: sign-in at the gate, tokens, claims, refresh.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { eq } from 'drizzle-orm'
import { applicationUses } from '../../src/platform/db/schema/applications.ts'
import type { TestApp } from '../support/app.ts'
import { DEMO_PASSWORD } from '../support/browser.ts'
import { FINANCE, TECH } from '../support/cast.ts'
import { People } from '../support/people.ts'
import { arriveAtPage, arriveOutside, errorOf, RelyingParty, startProvider } from './relying-party.ts'

let app: TestApp
let party: RelyingParty
before(async () => {
  app = await startProvider()
  party = await RelyingParty.register(app, { name: 'Ledger' })
})
after(() => app?.close())

test('a person who comes from an application signs in at the gate, enrols, and comes back with a code', async () => {
  const theo = app.browser()
  const begun = await party.begin()

  const page = await arriveAtPage(app, theo, begun.url.href)
  assert.match(page.at, /^\/sign-in\?next=%2Foidc%2Finteraction%2F/)
  assert.equal((await theo.post(page.at, { email: TECH, password: DEMO_PASSWORD })).location, '/mfa/enrol')
  assert.equal((await theo.enrol()).location, '/mfa/verify')
  const { location } = await theo.verify(theo.nextCode())
  const callback = await arriveOutside(app, theo, location ?? '')

  const tokens = await party.redeem({ begun, callback })
  const claims = tokens.claims()
  const user = await app.userNamed(TECH)
  assert.equal(claims?.sub, user.id)
  assert.equal(claims?.name, 'Theo Marchetti')
  assert.deepEqual(claims?.groups, ['tech-operator'])
  assert.deepEqual(claims?.account, { id: user.clientId, name: 'Harbour Group' })
  assert.deepEqual(claims?.amr, ['pwd', 'otp', 'mfa'])
  assert.equal(claims?.acr, 'urn:portcullis:mfa')
  assert.equal(claims?.auth_time, Math.floor(app.clock.now().getTime() / 1000))

  const userinfo = await party.userinfo(tokens.access_token, user.id)
  assert.equal(userinfo.email, TECH)
  assert.equal(userinfo.email_verified, true)
})

test('entering is recorded once, with the first and the last use', async () => {
  const people = new People(app)
  const fiona = app.browser()
  await fiona.signInWithPassword(FINANCE)
  const { id } = await app.userNamed(FINANCE)

  const { claims } = await party.signIn(fiona)
  await party.signIn(fiona)

  assert.deepEqual(claims.amr, ['pwd'])
  assert.equal(claims.acr, 'urn:portcullis:password')
  const entered = await people.eventsOf(id, 'application.entered')
  assert.equal(entered.length, 1)
  assert.deepEqual(entered[0]?.details, { application: 'Ledger', applicationId: party.id })
  const uses = await app.deps.db.select().from(applicationUses).where(eq(applicationUses.userId, id))
  assert.equal(uses.length, 1)
})

test('a refresh token works once and its successor works', async () => {
  const fiona = app.browser()
  await fiona.signInWithPassword(FINANCE)
  const { refreshToken, claims } = await party.signIn(fiona)

  const second = await party.refresh(refreshToken)
  const third = await party.refresh(second.refresh_token ?? '')

  assert.equal((await party.userinfo(third.access_token, claims.sub)).sub, claims.sub)
  assert.equal(await party.introspect(third.access_token), true)
  assert.equal(await errorOf(party.refresh(refreshToken)), 'invalid_grant')
})

test('an application without refresh tokens gets none', async () => {
  const fiona = app.browser()
  await fiona.signInWithPassword(FINANCE)
  const plain = await RelyingParty.register(app, { refreshTokens: false })

  const { tokens } = await plain.signIn(fiona)

  assert.equal(tokens.refresh_token, undefined)
})
