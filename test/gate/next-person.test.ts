// Two people sign in one after the other in one browser: what the first was given at applications is not the second's.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { eq } from 'drizzle-orm'
import { oidcGrants } from '../../src/platform/db/schema/oidc.ts'
import { sessions } from '../../src/platform/db/schema/sessions.ts'
import { MINUTE } from '../../src/platform/time/durations.ts'
import { ensureSigningKeys } from '../../src/signing-keys/ensure-signing-keys.ts'
import { errorOf, RelyingParty } from '../oidc/relying-party.ts'
import { addApplication } from '../support/applications.ts'
import { Cast, DESK, EVIDENCE } from '../support/cast.ts'
import { addVisitor, VISITORS, type Visitor } from '../support/ending-events.ts'
import { VisitorAtHost } from '../support/visitor-at-host.ts'

const HOST = 'reports.example'
let cast: Cast
before(async () => {
  cast = await Cast.assemble([DESK], [])
  await ensureSigningKeys(cast.app.deps)
  const address = `https://${HOST}/`
  await addApplication(cast.app.deps.db, { name: 'Reports', way: 'forward-auth', host: HOST, address })
})
after(() => cast?.app.close())

/** The policy now demands MFA of them: their session is signed out, and its row is still there. */
async function signedOutByPolicy({ id, clientId, browser }: Visitor): Promise<void> {
  const policy = { roleGroups: VISITORS, ...EVIDENCE, confirm: '1' }
  const desk = await cast.comeBack(DESK)
  assert.equal((await desk.post(`/clients/${clientId}/mfa-policy`, policy)).status, 303)
  cast.app.clock.advance(11 * MINUTE)
  assert.equal((await browser.get('/')).location, '/sign-in')
  const rows = await cast.app.deps.db.select().from(sessions).where(eq(sessions.userId, id))
  assert.equal(rows.length, 1)
}

test('a pass of the first, which they took along, does not open the application as the second', async () => {
  const first = await addVisitor(cast, { enrolled: false, account: 'Harbour Online' })
  const taken = new VisitorAtHost(cast.app, HOST)
  await taken.enter(first.browser)
  assert.equal((await taken.asks()).headers.get('x-portcullis-user'), first.id)
  await signedOutByPolicy(first)
  const second = await cast.people.add('Harbour Group', [VISITORS])

  assert.equal((await first.browser.signInWithPassword(second.email)).location, '/')

  assert.equal((await taken.asks()).status, 401)
})

test('tokens of the first stay dead, their grant ends, and the second enters the same application', async () => {
  const party = await RelyingParty.register(cast.app)
  const first = await addVisitor(cast, { enrolled: false, account: 'Meridian Foods' })
  const { refreshToken } = await party.signIn(first.browser)
  await signedOutByPolicy(first)
  const second = await cast.people.add('Harbour Group', [VISITORS])
  await first.browser.signInWithPassword(second.email)

  const { claims } = await party.signIn(first.browser)

  assert.equal(claims.sub, second.id)
  assert.equal(await errorOf(party.refresh(refreshToken)), 'invalid_grant')
  const grants = await cast.app.deps.db
    .select()
    .from(oidcGrants)
    .where(eq(oidcGrants.applicationId, party.id))
  const open = grants.filter(({ sessionId }) => sessionId !== null)
  assert.deepEqual(
    open.map(({ userId }) => userId),
    [second.id],
  )
})

test('the same person who signs in again keeps the session, and the pass works again', async () => {
  const visitor = await addVisitor(cast, { enrolled: false })
  const visiting = new VisitorAtHost(cast.app, HOST)
  await visiting.enter(visitor.browser)
  await signedOutByPolicy(visitor)

  await visitor.browser.enrolAndSignIn(visitor.email)

  assert.equal((await visiting.asks()).status, 200)
})
