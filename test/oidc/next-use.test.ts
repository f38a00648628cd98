// Each event that ends a sign-in, and each use of what an application holds: the next use is refused.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { and, eq } from 'drizzle-orm'
import { erased } from '../../src/gate/revoke-pending-authenticator.ts'
import { applicationRoleGroups, applications } from '../../src/platform/db/schema/applications.ts'
import { authenticators } from '../../src/platform/db/schema/authenticators.ts'
import { lockouts } from '../../src/platform/db/schema/lockouts.ts'
import { mfaPolicies, roleGroups } from '../../src/platform/db/schema/role-groups.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { HOUR, MINUTE } from '../../src/platform/time/durations.ts'
import { type Browser, DEMO_PASSWORD } from '../support/browser.ts'
import { ADMIN, Cast, DESK, EVIDENCE } from '../support/cast.ts'
import { errorOf, RelyingParty } from './relying-party.ts'

let cast: Cast
before(async () => {
  cast = await Cast.assemble([ADMIN, DESK], [])
})
after(() => cast?.app.close())

interface Held {
  userId: string
  email: string
  browser: Browser
  party: RelyingParty
}

const REASON = { reason: 'It was asked for' }
const NEW_PASSWORD = 'a new password that is long enough'

async function otherBrowser({ email, browser: { secret } }: Held): Promise<Browser> {
  const browser = Object.assign(cast.app.browser(), { secret })
  if ((await browser.signInWithPassword(email)).location === '/mfa/verify')
    await browser.verify(browser.nextCode())
  return browser
}

async function act(email: string, path: string, fields: Record<string, string>): Promise<void> {
  const browser = await cast.comeBack(email)
  assert.equal((await browser.post(path, fields)).status, 303, path)
}

const db = () => cast.app.deps.db
const DEADLY: Record<string, (held: Held) => Promise<unknown>> = {
  'signing out': ({ browser }) => browser.post('/sign-out'),
  'ending this session from another browser': async (held) => {
    const other = await otherBrowser(held)
    const page = await other.get('/account')
    const paths = page.body.match(/(?<=hx-post=")\/account\/sessions\/[^"]+\/end(?=")/g)
    const path = paths?.at(-1)
    assert.ok(path)
    await other.post(path)
  },
  'ending all other sessions from another browser': async (held) =>
    (await otherBrowser(held)).post('/account/sessions/end-others'),
  'an MFA reset': ({ userId }) => act(ADMIN, `/users/${userId}/mfa-reset`, EVIDENCE),
  'a new password, chosen in another browser': async (held) =>
    (await otherBrowser(held)).post('/account/password', {
      currentPassword: DEMO_PASSWORD,
      password: NEW_PASSWORD,
    }),
  'a new password after a mailed link': async ({ email }) => {
    await cast.app.browser().post('/forgot-password', { email })
    const link = await cast.people.passwordResetLink(email)
    await cast.app.browser().post(link, { password: NEW_PASSWORD })
  },
  'an Admin who ends all sessions of the user': ({ userId }) =>
    act(ADMIN, `/users/${userId}/sessions/end`, REASON),
  'disabling the user': ({ userId }) => act(ADMIN, `/users/${userId}/disable`, REASON),
  'a status of disabled alone': ({ userId }) =>
    db().update(users).set({ status: 'disabled' }).where(eq(users.id, userId)),
  'a raised epoch alone': ({ userId }) =>
    db().update(users).set({ sessionEpoch: 99 }).where(eq(users.id, userId)),
  'a role group that may not enter': ({ userId }) =>
    act(ADMIN, `/users/${userId}/role-groups`, { roleGroups: 'finance-operator', ...REASON }),
  'an authenticator that is revoked': ({ userId }) =>
    db().update(authenticators).set(erased(cast.app.clock.now())).where(eq(authenticators.userId, userId)),
  'an application that admits the role group no longer': ({ party }) =>
    db().delete(applicationRoleGroups).where(eq(applicationRoleGroups.applicationId, party.id)),
  'an application that admits the account no longer': ({ party }) =>
    db().update(applications).set({ everyClient: false }).where(eq(applications.id, party.id)),
  'half an hour without any use': async () => cast.app.clock.advance(31 * MINUTE),
}

const HARMLESS: Record<string, (held: Held) => Promise<unknown>> = {
  'ending all other sessions': async (held) => {
    await otherBrowser(held)
    await held.browser.post('/account/sessions/end-others')
  },
  'a new password, chosen in this browser': ({ browser }) =>
    browser.post('/account/password', { currentPassword: DEMO_PASSWORD, password: NEW_PASSWORD }),
  'signing out in another browser': async (held) => (await otherBrowser(held)).post('/sign-out'),
  // Both keep new sign-ins out. At the gate too, an open session goes on.
  'a lock of codes': ({ userId, browser }) => lockCodes(userId, browser, 5),
  'a hundred wrong codes, which switch the authenticator off': ({ userId, browser }) =>
    lockCodes(userId, browser, 100),
}

async function lockCodes(userId: string, browser: Browser, consecutiveFailures: number): Promise<void> {
  const now = cast.app.clock.now()
  const until = new Date(now.getTime() + HOUR)
  await db()
    .update(lockouts)
    .set({ failedAt: [now], consecutiveFailures, lockedAt: now, lockedUntil: until, updatedAt: now })
    .where(and(eq(lockouts.subject, userId), eq(lockouts.kind, 'code')))
  assert.equal((await browser.get('/')).status, 200)
}

/** A user with MFA who has entered an application for Tech Operators. */
async function techOperator(): Promise<Held> {
  const { id: userId, email } = await cast.people.add('Harbour Group', ['tech-operator'])
  const browser = Object.assign(cast.app.browser(), { secret: await cast.people.enrol(userId) })
  await browser.signIn(email)
  const party = await RelyingParty.register(cast.app, { roleGroups: ['tech-operator'] })
  return { userId, email, browser, party }
}

/** A user without MFA who has entered an application for Tech Operators. */
async function ofMeridian(): Promise<Held> {
  const { id: userId, email } = await cast.people.add('Meridian Foods', ['tech-operator'])
  const browser = cast.app.browser()
  assert.equal((await browser.signInWithPassword(email)).location, '/')
  const party = await RelyingParty.register(cast.app, { roleGroups: ['tech-operator'] })
  return { userId, email, browser, party }
}

/** What an application holds: tokens, and a code that it has not redeemed yet. */
async function holdings({ browser, party }: Held) {
  const signedIn = await party.signIn(browser)
  return { ...signedIn, unredeemed: await party.authorize(browser) }
}

async function uses(held: Held, what: Awaited<ReturnType<typeof holdings>>) {
  const { party, userId } = held
  return {
    userinfo: await errorOf(party.userinfo(what.accessToken, userId)),
    introspection: await party.introspect(what.accessToken).catch(() => 'refused'),
    introspectionOfRefresh: await party.introspect(what.refreshToken).catch(() => 'refused'),
    code: await errorOf(party.redeem(what.unredeemed)),
    refresh: await errorOf(party.refresh(what.refreshToken)),
  }
}

const REFUSED = {
  userinfo: 'invalid_token',
  introspection: false,
  introspectionOfRefresh: false,
  code: 'invalid_grant',
  refresh: 'invalid_grant',
}
const ACCEPTED = {
  userinfo: 'none',
  introspection: true,
  introspectionOfRefresh: true,
  code: 'none',
  refresh: 'none',
}

describe('the next use of a code, an access token and a refresh token is refused after', () => {
  for (const [event, happen] of Object.entries(DEADLY))
    test(event, async () => {
      const held = await techOperator()
      const what = await holdings(held)

      await happen(held)

      assert.deepEqual(await uses(held, what), REFUSED)
    })

  test('suspending the account', async () => {
    const held = await ofMeridian()
    const what = await holdings(held)
    const clientId = await cast.people.clientId('Meridian Foods')

    await act(DESK, `/clients/${clientId}/suspend`, EVIDENCE)

    assert.deepEqual(await uses(held, what), REFUSED)
    await act(DESK, `/clients/${clientId}/resume`, EVIDENCE)
  })

  test('a policy that demands enrolment from now on', async () => {
    const held = await ofMeridian()
    const what = await holdings(held)
    const [group] = await db().select().from(roleGroups).where(eq(roleGroups.key, 'tech-operator'))
    assert.ok(group)
    const clientId = await cast.people.clientId('Meridian Foods')

    await db().insert(mfaPolicies).values({ clientId, roleGroupId: group.id })

    assert.deepEqual(await uses(held, what), REFUSED)
    await db().delete(mfaPolicies).where(eq(mfaPolicies.clientId, clientId))
  })

  test('an application that demands MFA from now on', async () => {
    const held = await ofMeridian()
    const what = await holdings(held)

    await db().update(applications).set({ requiresMfa: true }).where(eq(applications.id, held.party.id))

    assert.deepEqual(await uses(held, what), REFUSED)
  })

  test('disabling the application, to which nothing is answered any more', async () => {
    const held = await techOperator()
    const what = await holdings(held)

    await db()
      .update(applications)
      .set({ disabledAt: cast.app.clock.now() })
      .where(eq(applications.id, held.party.id))

    assert.deepEqual(await uses(held, what), {
      userinfo: 'invalid_token',
      introspection: 'refused',
      introspectionOfRefresh: 'refused',
      code: 'invalid_client',
      refresh: 'invalid_client',
    })
  })
})

describe('every use is accepted after', () => {
  test('nothing', async () => {
    const held = await techOperator()
    assert.deepEqual(await uses(held, await holdings(held)), ACCEPTED)
  })

  for (const [event, happen] of Object.entries(HARMLESS))
    test(event, async () => {
      const held = await techOperator()
      const what = await holdings(held)

      await happen(held)

      assert.deepEqual(await uses(held, what), ACCEPTED)
    })
})

describe('the idle limit', () => {
  test('a refresh counts as activity, userinfo does not', async () => {
    const held = await techOperator()
    const { party, browser } = held
    let { refreshToken } = await party.signIn(browser)
    for (let quarters = 0; quarters < 4; quarters += 1) {
      cast.app.clock.advance(15 * MINUTE)
      refreshToken = (await party.refresh(refreshToken)).refresh_token ?? ''
    }
    assert.equal((await browser.get('/')).status, 200, 'the session of the browser is alive too')

    const { accessToken } = await party.signIn(browser)
    cast.app.clock.advance(20 * MINUTE)
    await errorOf(party.userinfo(accessToken, held.userId))
    cast.app.clock.advance(20 * MINUTE)

    assert.equal((await browser.get('/')).status, 303)
  })

  test('refreshes write it once a minute at most', async () => {
    const { party, browser, userId } = await techOperator()
    const touchedAt = async () => {
      const [row] = await cast.app.deps.sql<[{ at: string }]>`
        select max(touched_at) as at from sessions where user_id = ${userId}`
      return new Date(row.at).getTime()
    }
    let { refreshToken } = await party.signIn(browser)
    const refresh = async () => {
      refreshToken = (await party.refresh(refreshToken)).refresh_token ?? ''
    }
    cast.app.clock.advance(2 * MINUTE)
    await refresh()
    const last = await touchedAt()

    cast.app.clock.advance(MINUTE - 1000)
    for (let again = 0; again < 3; again += 1) await refresh()
    assert.equal(await touchedAt(), last)

    cast.app.clock.advance(1000)
    await refresh()
    assert.equal(await touchedAt(), last + MINUTE)
  })

  test('no refresh extends the absolute limit', async () => {
    const { party, browser } = await techOperator()
    let { refreshToken } = await party.signIn(browser)
    for (let passed = 0; passed < 12 * HOUR; passed += 25 * MINUTE) {
      refreshToken = (await party.refresh(refreshToken)).refresh_token ?? ''
      cast.app.clock.advance(25 * MINUTE)
    }

    assert.equal(await errorOf(party.refresh(refreshToken)), 'invalid_grant')
  })
})

test('claims are read anew at each refresh and at userinfo', async () => {
  const { party, browser, userId } = await techOperator()
  const { refreshToken } = await party.signIn(browser)

  await db().update(users).set({ name: 'Renamed Person' }).where(eq(users.id, userId))

  const refreshed = await party.refresh(refreshToken)
  assert.equal(refreshed.claims()?.name, 'Renamed Person')
  assert.equal((await party.userinfo(refreshed.access_token, userId)).name, 'Renamed Person')
})
