// A browser in which a person has signed in has a password count of its own, and gets nothing else by that.
import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { and, eq, isNull } from 'drizzle-orm'
import { endLockout } from '../../src/lockout/end-lockout.ts'
import { readLockout } from '../../src/lockout/lockouts.queries.ts'
import { knownBrowsers } from '../../src/platform/db/schema/known-browsers.ts'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import { outbox } from '../../src/platform/db/schema/outbox.ts'
import type { NotificationKind } from '../../src/platform/mail/kinds.ts'
import { renderMail } from '../../src/platform/mail/render-mail.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../../src/platform/time/durations.ts'
import { startApp, type TestApp } from '../support/app.ts'
import { awaitWaiters } from '../support/await-waiters.ts'
import { type Browser, DEMO_PASSWORD } from '../support/browser.ts'
import { ADMIN, DESK, OPERATOR } from '../support/cast.ts'
import { eventually } from '../support/eventually.ts'
import { People } from '../support/people.ts'

const COOKIE = 'known-browser'
const WRONG_PASSWORD = 'not the password at all'
const NEW_PASSWORD = 'seven green lanterns in fog'

let app: TestApp
let people: People
before(async () => {
  app = await startApp({ ADDRESS_ATTEMPTS: '100000' })
  people = new People(app)
})
after(() => app.close())

/** A browser that has nothing but the cookie of another one. */
function withCookieOf(browser: Browser): Browser {
  const same = app.browser()
  same.secret = browser.secret
  const cookie = browser.cookies.get(COOKIE)
  if (cookie !== undefined) same.cookies.set(COOKIE, cookie)
  return same
}

/** A new user without an authenticator, and a browser in which they have signed in. */
async function knownUser(): Promise<{ id: string; email: string; browser: Browser }> {
  const { id, email } = await people.add('Harbour Group', ['finance-manager'])
  const browser = app.browser()
  assert.equal((await browser.signInWithPassword(email)).location, '/')
  return { id, email, browser }
}

/** A new user with an authenticator, and a browser in which they have signed in. */
async function knownEnrolledUser(): Promise<{ id: string; email: string; browser: Browser }> {
  const { id, email } = await people.add('Harbour Group', ['tech-operator'])
  const browser = app.browser()
  browser.secret = await people.enrol(id)
  assert.equal((await browser.signIn(email)).location, '/')
  return { id, email, browser }
}

async function lock(browser: Browser, email: string): Promise<void> {
  for (let i = 0; i < 5; i += 1)
    assert.equal((await browser.signInWithPassword(email, WRONG_PASSWORD)).status, 401)
}

function browsersOf(userId: string) {
  return app.deps.db
    .select()
    .from(knownBrowsers)
    .where(and(eq(knownBrowsers.userId, userId), isNull(knownBrowsers.endedAt)))
}

/** That a browser is treated as any other while strangers have locked the password. */
async function assertNotKnown(browser: Browser, email: string, why: string): Promise<void> {
  assert.equal((await browser.signInWithPassword(email)).status, 429, why)
}

describe('a password lock by strangers', () => {
  test('strangers who lock a password lock it in every browser but the owner’s known ones', async () => {
    const { email, browser } = await knownUser()
    await browser.post('/sign-out')
    await lock(app.browser(), email)

    assert.equal((await app.browser().signInWithPassword(email)).status, 429)
    assert.equal((await browser.signInWithPassword(email)).location, '/')
  })

  test('strangers who lock a password do not keep its owner from a step-up or a password change in a known browser', async () => {
    const { email, browser } = await knownUser()
    const session = browser.cookies.get('sid')
    await lock(app.browser(), email)
    app.clock.advance(11 * MINUTE)

    const proven = await browser.post('/account/sessions/end-others', { presence: DEMO_PASSWORD })
    const change = { currentPassword: DEMO_PASSWORD, password: NEW_PASSWORD }
    const elsewhere = app.browser()
    if (session) elsewhere.cookies.set('sid', session)

    assert.equal(proven.location, '/account')
    assert.equal((await elsewhere.post('/account/password', change)).status, 429)
    assert.equal((await browser.post('/account/password', change)).location, '/account')
  })

  test('a known browser is asked for password and code like any other', async () => {
    const { email, browser } = await knownEnrolledUser()
    await lock(app.browser(), email)
    const known = withCookieOf(browser)

    assert.equal((await known.get('/')).location, '/sign-in', 'the cookie alone opens nothing')
    assert.equal((await known.signInWithPassword(email, WRONG_PASSWORD)).status, 401)
    assert.equal((await known.signInWithPassword(email)).location, '/mfa/verify')
    assert.equal((await known.get('/account')).location, '/mfa/verify')
    assert.equal((await known.verify(known.nextCode())).location, '/')
  })
})

describe('the count of a known browser', () => {
  test('five wrong passwords in a known browser lock only that browser', async () => {
    const { id, email, browser } = await knownUser()
    const known = withCookieOf(browser)
    await lock(known, email)

    const locked = await known.signInWithPassword(email)

    assert.equal(locked.status, 429)
    assert.match(locked.body, /too many wrong passwords for your account in this browser/)
    assert.equal((await app.browser().signInWithPassword(email)).location, '/')
    const [event] = await people.eventsOf(id, 'lockout.started')
    assert.ok(event?.details.knownBrowser)
    app.clock.advance(15 * MINUTE)
    assert.equal((await known.signInWithPassword(email)).location, '/')
  })

  test('of 40 wrong passwords at once in a known browser and 40 elsewhere five are checked on each side', async () => {
    const { id, email, browser } = await knownUser()
    const guess = (from: Browser) => from.signInWithPassword(email, WRONG_PASSWORD)

    await Promise.all(
      Array.from({ length: 40 }, () => [guess(withCookieOf(browser)), guess(app.browser())]).flat(),
    )

    const [known] = await browsersOf(id)
    assert.ok(known)
    for (const subject of [id, known.id])
      await eventually('five have failed', async () => {
        const count = await readLockout(app.deps.db, { subject, kind: 'password' })
        return count.consecutiveFailures === 5 && count.pendingAt.length === 0
      })
    const failures = (await people.eventsOf(id, 'sign-in.password')).filter(
      ({ outcome }) => outcome === 'failure',
    )
    assert.equal(failures.length, 10)
    assert.equal((await people.eventsOf(id, 'lockout.started')).length, 2)
  })

  test('the lock of a known browser ends by its time and is reported as such', async () => {
    const { id, email, browser } = await knownUser()
    await lock(withCookieOf(browser), email)
    const [known] = await browsersOf(id)
    assert.ok(known)
    const key = { subject: known.id, kind: 'password' } as const
    const jobs = await app.deps.db.select().from(outbox).where(eq(outbox.job, 'end-lockout'))
    assert.equal(jobs.filter(({ payload }) => payload.subject === known.id).length, 1)
    app.clock.advance(15 * MINUTE)

    await app.deps.db.transaction((tx) => endLockout(tx, key, app.clock.now()))

    const mails = await app.deps.db.select().from(notifications).where(eq(notifications.recipientId, id))
    const facts = mails
      .filter(({ kind }) => kind.startsWith('lockout'))
      .map(({ kind, facts }) => [kind, facts.where])
    assert.deepEqual(facts, [
      ['lockout', 'known-browser'],
      ['lockout-ended', 'known-browser'],
    ])
    const [ended] = await people.eventsOf(id, 'lockout.ended')
    assert.equal(ended?.details.knownBrowser, known.id)
  })

  test('an Admin lifts the lock of a known browser together with that of other browsers, and sees it until then', async () => {
    const admin = app.browser()
    await admin.enrolAndSignIn(ADMIN)
    const { id, email, browser } = await knownUser()
    const known = withCookieOf(browser)
    await lock(known, email)
    assert.match((await admin.get(`/users/${id}`)).body, /Locked until<\/dt><dd><span class="badge bad">/)
    assert.match((await admin.get('/')).body, new RegExp(`data-locked="${id}"`))
    await lock(app.browser(), email)

    const lifted = await admin.post(`/users/${id}/unlock`, { reason: 'They called' })

    assert.equal(lifted.status, 303)
    assert.equal((await people.eventsOf(id, 'lockout.lifted')).length, 2)
    app.clock.advance(SECOND)
    assert.equal((await known.signInWithPassword(email)).location, '/')
    assert.equal((await app.browser().signInWithPassword(email)).location, '/')
    assert.doesNotMatch((await admin.get('/')).body, new RegExp(`data-locked="${id}"`))
  })

  test('the lock of a known browser is listed for operators as such', async () => {
    const { email, id, browser } = await knownUser()
    await lock(withCookieOf(browser), email)
    const [known] = await browsersOf(id)
    const operator = app.browser()
    await operator.enrolAndSignIn(OPERATOR)

    const { body } = await operator.get('/ops')

    assert.match(body, new RegExp(`${known?.id}</code><span class="note">Known browser of a user<`))
  })
})

describe('an invalid cookie of a known browser', () => {
  test('a cookie that is forged, of another account, signed by another secret or sent twice is ignored', async () => {
    const { id, email, browser } = await knownUser()
    const other = await knownUser()
    const cookie = browser.cookies.get(COOKIE) ?? ''
    const [signature = '', token = ''] = cookie.split('.')
    await lock(app.browser(), email)
    const signedBy = (secret: string, text: string) =>
      `${createHmac('sha256', secret).update(`known browser ${text}`).digest('base64url')}.${text}`

    const forged = {
      'of another account': other.browser.cookies.get(COOKIE) ?? '',
      'without a signature': token,
      'with an empty signature': `.${token}`,
      'with the signature of another token': `${signature}.${'a'.repeat(32)}`,
      'signed by another secret': signedBy('another secret that is long enough for it', token),
      'made of the id in the database': signedBy('a-secret-for-tests-only-which-is-long-enough', id),
      'with an unknown token': signedBy('a-secret-for-tests-only-which-is-long-enough', 'b'.repeat(32)),
      'with too many tokens': signedBy(
        'a-secret-for-tests-only-which-is-long-enough',
        Array(6).fill(token).join('.'),
      ),
      twice: `${cookie}; ${COOKIE}=${cookie}`,
      long: 'x'.repeat(3_000),
    }
    for (const [why, value] of Object.entries(forged)) {
      const stranger = app.browser()
      stranger.cookies.set(COOKIE, value)
      await assertNotKnown(stranger, email, why)
    }
    assert.equal(
      (await withCookieOf(browser).signInWithPassword(email)).location,
      '/',
      'and the right one works',
    )
  })

  test('five wrong passwords with an invalid cookie lock the password for all unknown browsers', async () => {
    const { email } = await people.add('Harbour Group', ['finance-manager'])
    const other = await knownUser()

    await lock(withCookieOf(other.browser), email)

    assert.equal((await app.browser().signInWithPassword(email)).status, 429)
    assert.equal((await withCookieOf(other.browser).signInWithPassword(other.email)).location, '/')
  })

  test('a cookie changes nothing for an address without a user', async () => {
    const { browser } = await knownUser()
    const email = `nobody${SECOND}@nowhere.example`

    await lock(withCookieOf(browser), email)

    const answers = [
      await withCookieOf(browser).signInWithPassword(email),
      await app.browser().signInWithPassword(email),
    ]
    assert.deepEqual(
      answers.map(({ status }) => status),
      [429, 429],
    )
  })
})

describe('how a browser becomes known', () => {
  test('a browser becomes known only by a complete sign-in, not by a password alone or a wrong code', async () => {
    const { id, email } = await people.add('Harbour Group', ['tech-operator'])
    const browser = app.browser()

    await browser.signInWithPassword(email, WRONG_PASSWORD)
    await browser.signInWithPassword(email)
    assert.equal(browser.cookies.has(COOKIE), false)
    await browser.enrol()
    await browser.verify(browser.wrongCode())
    assert.equal(browser.cookies.has(COOKIE), false)
    assert.deepEqual(await browsersOf(id), [])
    await browser.verify(browser.nextCode())

    assert.equal(browser.cookies.has(COOKIE), true)
    assert.equal((await browsersOf(id)).length, 1)
  })

  test('the cookie is HttpOnly, SameSite and signed, names no user, and the database stores only its hash', async () => {
    const { id, email } = await people.add('Harbour Group', ['finance-manager'])
    const browser = app.browser()

    const { headers } = await browser.signInWithPassword(email)

    const line = headers.getSetCookie().find((cookie) => cookie.startsWith(`${COOKIE}=`)) ?? ''
    assert.match(
      line,
      /^known-browser=[\w-]{43}\.[\w-]{32}; Max-Age=7776000; Path=\/; .*HttpOnly; SameSite=Lax$/,
    )
    const [row] = await browsersOf(id)
    const token = /\.([\w-]{32});/.exec(line)?.[1] ?? ''
    assert.equal(row?.tokenHash, createHash('sha256').update(token).digest('hex'))
    assert.ok(!JSON.stringify(row).includes(token))
    assert.ok(!line.includes(id) && !line.includes(row?.id ?? ''))
  })

  test('behind https the cookie has the __Host- prefix and is Secure', async () => {
    const secure = await startApp({ PUBLIC_URL: 'https://dashboard.example', TRUST_PROXY: 'loopback' })
    try {
      const { headers } = await secure
        .browser()
        .post(
          '/sign-in',
          { email: 'finance@harbour.example', password: DEMO_PASSWORD },
          { 'x-forwarded-proto': 'https' },
        )
      const line = headers.getSetCookie().find((cookie) => cookie.includes(COOKIE)) ?? ''
      assert.match(line, /^__Host-known-browser=.*; Path=\/; .*HttpOnly; Secure; SameSite=Lax$/)
    } finally {
      await secure.close()
    }
  })

  test('a browser is known for each account that signs in there', async () => {
    const one = await knownUser()
    const { id, email } = await people.add('Harbour Group', ['finance-manager'])
    await one.browser.post('/sign-out')
    await one.browser.signInWithPassword(email)
    await lock(app.browser(), one.email)
    await lock(app.browser(), email)

    assert.equal((await withCookieOf(one.browser).signInWithPassword(one.email)).location, '/')
    assert.equal((await withCookieOf(one.browser).signInWithPassword(email)).location, '/')
    assert.deepEqual([(await browsersOf(one.id)).length, (await browsersOf(id)).length], [1, 1])
  })

  test('a further sign-in extends the same known browser, up to 90 days after the last', async () => {
    const { id, email, browser } = await knownUser()
    app.clock.advance(60 * DAY)
    await browser.signInWithPassword(email)
    app.clock.advance(60 * DAY)
    await lock(app.browser(), email)

    assert.equal((await browsersOf(id)).length, 1)
    assert.equal((await withCookieOf(browser).signInWithPassword(email)).location, '/')
    app.clock.advance(90 * DAY)
    await lock(app.browser(), email)
    await assertNotKnown(withCookieOf(browser), email, 'after 90 days')
  })

  test('a user has at most ten known browsers, and the one used longest ago is forgotten', async () => {
    const { id, email, browser: first } = await knownUser()
    for (let i = 0; i < 10; i += 1) {
      app.clock.advance(SECOND)
      await app.browser().signInWithPassword(email)
    }

    assert.equal((await browsersOf(id)).length, 10)
    await lock(app.browser(), email)
    await assertNotKnown(withCookieOf(first), email, 'the first of eleven')
  })

  test('a browser does not become known by a session that is ended at that moment', async () => {
    const { id, email } = await people.add('Harbour Group', ['finance-manager'])
    const { sql } = app.deps
    const browser = app.browser()

    const signingIn = await sql.begin(async (holder) => {
      // Anything that ends sessions and known browsers: it holds the user, and is about to raise the epoch.
      await holder`update users set session_epoch = session_epoch + 1 where id = ${id}`
      const answer = browser.signInWithPassword(email)
      await awaitWaiters(sql)
      return [answer]
    })
    await Promise.all(signingIn)

    assert.equal(browser.cookies.has(COOKIE), false)
    assert.deepEqual(await browsersOf(id), [])
    assert.equal((await browser.get('/')).location, '/sign-in')
  })
})

describe('how a browser is forgotten', () => {
  test('the owner ends one known browser or all of them on the account page', async () => {
    const { id, email, browser } = await knownUser()
    const second = app.browser()
    await second.signInWithPassword(email)
    const third = app.browser()
    await third.signInWithPassword(email)
    const page = await browser.get('/account')
    assert.equal([...page.body.matchAll(/data-browser="this"/g)].length, 1)
    assert.equal([...page.body.matchAll(/data-browser="other"/g)].length, 2)
    const secondHash = createHash('sha256')
      .update(second.cookies.get(COOKIE)?.split('.')[1] ?? '')
      .digest('hex')
    const chosen = (await browsersOf(id)).find(({ tokenHash }) => tokenHash === secondHash)

    const ended = await browser.post(`/account/known-browsers/${chosen?.id}/end`)

    assert.equal(ended.location, '/account')
    assert.match((await browser.get('/account')).body, /That browser is no longer known/)
    await lock(app.browser(), email)
    await assertNotKnown(withCookieOf(second), email, 'the one that was ended')
    assert.equal((await withCookieOf(third).signInWithPassword(email)).location, '/')
    await browser.post('/account/known-browsers/end-all')
    assert.deepEqual(await browsersOf(id), [])
    assert.deepEqual(
      (await people.eventsOf(id, 'known-browser.ended')).map(({ details }) => details.ended),
      ['all', 'one'],
    )
    const after = app.browser()
    after.cookies.set(COOKIE, third.cookies.get(COOKIE) ?? '')
    await assertNotKnown(after, email, 'all were ended')
  })

  test('another user’s known browser does not exist on the account page', async () => {
    const { id } = await knownUser()
    const other = await knownUser()
    const [row] = await browsersOf(id)

    assert.equal((await other.browser.post(`/account/known-browsers/${row?.id}/end`)).status, 404)
    assert.equal((await other.browser.post('/account/known-browsers/x/end')).status, 404)
    const refused = await people.lastEvent('known-browser.ended')
    assert.deepEqual([refused?.outcome, refused?.actorId], ['refused', other.id])

    assert.equal((await browsersOf(id)).length, 1)
  })

  test('the browser in which a password is set by a mailed link becomes known, so that strangers cannot lock the owner out again', async () => {
    const { email } = await knownUser()
    await lock(app.browser(), email)
    const owner = app.browser()
    await owner.post('/forgot-password', { email })
    await owner.post(await people.passwordResetLink(email), { password: NEW_PASSWORD })

    await lock(app.browser(), email)

    assert.equal((await owner.signInWithPassword(email, NEW_PASSWORD)).location, '/')
    assert.equal((await app.browser().signInWithPassword(email, NEW_PASSWORD)).status, 429)
  })

  test('known browsers are forgotten after a new password by a mailed link, except the one it was set in', async () => {
    const { id, email, browser } = await knownUser()
    await app.browser().post('/forgot-password', { email })

    await app.browser().post(await people.passwordResetLink(email), { password: NEW_PASSWORD })

    assert.equal((await browsersOf(id)).length, 1, 'the one in which it was set')
    await lock(app.browser(), email)
    assert.equal((await withCookieOf(browser).signInWithPassword(email, NEW_PASSWORD)).status, 429)
  })

  test('known browsers are forgotten after a password change, except the one it was made in', async () => {
    const { id, email, browser } = await knownUser()
    const second = app.browser()
    await second.signInWithPassword(email)

    await browser.post('/account/password', { currentPassword: DEMO_PASSWORD, password: NEW_PASSWORD })

    assert.equal((await browsersOf(id)).length, 1)
    await lock(app.browser(), email)
    assert.equal((await withCookieOf(second).signInWithPassword(email, NEW_PASSWORD)).status, 429)
    assert.equal((await withCookieOf(browser).signInWithPassword(email, NEW_PASSWORD)).location, '/')
  })

  test('known browsers are forgotten after an MFA reset and after the user was disabled', async () => {
    const desk = app.browser()
    await desk.enrolAndSignIn(DESK)
    const evidence = { reason: 'Phone lost', ticket: 'DESK-1', identifiedBy: 'video' }
    const { id, email, browser } = await knownEnrolledUser()
    assert.equal((await desk.post(`/users/${id}/mfa-reset`, evidence)).status, 303)
    assert.deepEqual(await browsersOf(id), [])
    await lock(app.browser(), email)
    await assertNotKnown(withCookieOf(browser), email, 'reset')

    const disabled = await knownUser()
    await desk.post(`/users/${disabled.id}/disable`, evidence)
    assert.deepEqual(await browsersOf(disabled.id), [])
  })
})

test('mails about a lock say whether it holds everywhere or in one known browser', () => {
  const context = {
    recipient: { name: 'Fatima', email: 'finance@harbour.example', clientName: 'Harbour Group' },
    helper: 'an Admin of your account',
    publicUrl: app.origin,
    at: app.clock.now(),
    lockedUntil: app.clock.now(),
    lockKind: 'password' as const,
    by: 'Adam of Harbour Group',
  }
  for (const format of ['text', 'html'] as const) {
    const mailOf = (kind: NotificationKind, inKnownBrowser: boolean) =>
      renderMail(kind, { ...context, inKnownBrowser })[format].replace(/\s+/g, ' ')

    assert.match(mailOf('lockout', false), /except in the known browsers/)
    assert.match(mailOf('lockout', true), /not accepted from that browser until/)
    assert.match(mailOf('lockout-ended', false), /You can sign in to your account again/)
    assert.match(mailOf('lockout-ended', true), /accepted again in the browser in which it was locked/)
    assert.doesNotMatch(mailOf('lockout-lifted', false), /password in a known browser/)
    assert.match(mailOf('lockout-lifted', true), /password in a known browser/)
  }
})

test('the lock of unknown browsers lasts an hour at most, however often strangers cause it', async () => {
  const { email } = await people.add('Harbour Group', ['finance-manager'])
  const minutes: number[] = []
  for (let round = 0; round < 5; round += 1) {
    await lock(app.browser(), email)
    const { headers } = await app.browser().signInWithPassword(email)
    minutes.push(Math.round(Number(headers.get('retry-after')) / 60))
    app.clock.advance(HOUR)
  }

  assert.deepEqual(minutes, [15, 30, 60, 60, 60])
})
