// The key of an enrolment: made by a form, shown by a GET that changes nothing, and void in one place at most.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { eq } from 'drizzle-orm'
import { auditEvents } from '../../src/platform/db/schema/audit-events.ts'
import { authenticators } from '../../src/platform/db/schema/authenticators.ts'
import { memberships, mfaPolicies, roleGroups } from '../../src/platform/db/schema/role-groups.ts'
import { startApp, type TestApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'
import { People } from '../support/people.ts'
import { totp } from '../support/rfc6238.ts'

const MINUTE = 60_000

let app: TestApp
let people: People
before(async () => {
  app = await startApp({ ADDRESS_ATTEMPTS: '100000' })
  people = new People(app)
})
after(() => app.close())

/** A user whose role group requires MFA, in a browser that has given the password. */
async function enrolling() {
  const { id, email } = await people.add('Harbour Group', ['tech-operator'])
  const browser = app.browser()
  assert.equal((await browser.signInWithPassword(email)).location, '/mfa/enrol')
  return { id, email, browser }
}

/** A user who signed in by the password alone, and whose account requires MFA of them now. */
async function stopped() {
  const { id, email } = await people.add('Meridian Foods', ['finance-manager'])
  const browser = app.browser()
  assert.equal((await browser.signInWithPassword(email)).location, '/')
  const other = app.browser()
  await other.signInWithPassword(email)
  const [tech] = await app.deps.db.select().from(roleGroups).where(eq(roleGroups.key, 'tech-operator'))
  assert.ok(tech)
  const clientId = await people.clientId('Meridian Foods')
  await app.deps.db.insert(mfaPolicies).values({ clientId, roleGroupId: tech.id }).onConflictDoNothing()
  await app.deps.db.insert(memberships).values({ userId: id, roleGroupId: tech.id })
  assert.equal((await browser.get('/')).location, '/mfa/enrol')
  return { id, browser, other }
}

const authenticatorsOf = (userId: string) =>
  app.deps.db.select().from(authenticators).where(eq(authenticators.userId, userId))

/** What a GET must leave as it is. */
async function stored() {
  const { db } = app.deps
  return { authenticators: await db.select().from(authenticators), events: await db.$count(auditEvents) }
}

async function showsNoKey(browser: Browser): Promise<void> {
  const page = await browser.get('/mfa/enrol')
  assert.equal(page.status, 200)
  assert.doesNotMatch(page.body, /manual-key|otpauth:|name="code"/)
  assert.match(page.body, /action="\/mfa\/enrol\/restart".*Show a new key/s)
}

describe('the key of an enrolment', () => {
  test('the key of an enrolment is made with the password, and the page that shows it changes nothing', async () => {
    const { browser } = await enrolling()
    const before = await stored()

    const key = await browser.scanKey()
    assert.deepEqual(await browser.scanKey(), key, 'a reload shows the same key')

    assert.deepEqual(await stored(), before)
  })

  test('the key of an enrolment is void once another browser has given the password, not when it opens the page', async () => {
    const { email, browser } = await enrolling()
    const thief = app.browser()
    await browser.scanKey()
    await thief.signInWithPassword(email)
    const key = await thief.scanKey()
    const before = await stored()

    await showsNoKey(browser)
    await browser.get('/mfa/enrol')

    assert.deepEqual(await stored(), before)
    assert.deepEqual(await thief.scanKey(), key, 'which looking does not void')
  })

  test('a void key is replaced by a new one with a button, which makes the other one void', async () => {
    const { email, browser } = await enrolling()
    const old = await browser.scanKey()
    const other = app.browser()
    await other.signInWithPassword(email)
    await other.scanKey()
    await showsNoKey(browser)

    assert.equal((await browser.post('/mfa/enrol/restart')).location, '/mfa/enrol')

    assert.notDeepEqual(await browser.scanKey(), old)
    await showsNoKey(other)
    assert.equal((await other.post('/mfa/enrol', { code: other.code() })).status, 409)
    const fresh = await other.scanKey()
    assert.equal(
      (await other.post('/mfa/enrol', { code: totp(fresh, app.clock.now()) })).location,
      '/mfa/verify',
    )
  })

  test('the key of an enrolment lasts as long as the half-way sign-in, also when it is started over', async () => {
    const { browser } = await enrolling()
    await browser.scanKey()
    app.clock.advance(9 * MINUTE)
    await browser.post('/mfa/enrol/restart')
    await browser.scanKey()
    app.clock.advance(MINUTE + 1)

    assert.equal((await browser.post('/mfa/enrol', { code: browser.code() })).location, '/sign-in')
  })
})

describe('the key of a user whose open session a policy or role change holds', () => {
  test('the key of a held session is the same at each reload, and nothing is stored for it', async () => {
    const { id, browser } = await stopped()
    const before = await stored()

    const key = await browser.scanKey()

    assert.equal(key.length, 20)
    assert.deepEqual(await browser.scanKey(), key)
    assert.deepEqual(await stored(), before)
    assert.deepEqual(await authenticatorsOf(id), [])
  })

  test('the key of a held session enrols with its first code, once', async () => {
    const { id, browser } = await stopped()
    const key = await browser.scanKey()
    assert.equal((await browser.post('/mfa/enrol', { code: browser.wrongCode() })).status, 401)
    assert.deepEqual(await browser.scanKey(), key)

    const answers = await Promise.all(
      Array.from({ length: 4 }, () => browser.post('/mfa/enrol', { code: totp(key, app.clock.now()) })),
    )

    assert.ok(answers.every(({ status }) => [303, 409].includes(status)))
    assert.deepEqual(
      (await authenticatorsOf(id)).map(({ status }) => status),
      ['active'],
    )
    browser.secret = key
    assert.equal((await browser.verify(browser.nextCode())).location, '/')
  })

  test('the key of a held session differs in another browser and after another sign-in', async () => {
    const { browser, other } = await stopped()

    const key = await browser.scanKey()
    assert.notDeepEqual(await other.scanKey(), key)
    assert.deepEqual(await browser.scanKey(), key, 'looking voids nothing')
    assert.equal((await other.post('/mfa/enrol', { code: totp(key, app.clock.now()) })).status, 401)
  })

  test('the key of a held session is refused once another browser has begun with its own or it was started over', async () => {
    const { browser, other } = await stopped()
    const key = await browser.scanKey()
    await other.scanKey()
    assert.equal((await browser.post('/mfa/enrol', { code: browser.wrongCode() })).status, 401)
    assert.equal((await other.post('/mfa/enrol', { code: other.wrongCode() })).status, 401)
    await showsNoKey(browser)
    assert.equal((await browser.post('/mfa/enrol', { code: totp(key, app.clock.now()) })).status, 409)

    await browser.post('/mfa/enrol/restart')
    assert.notDeepEqual(await browser.scanKey(), key)
    assert.equal((await browser.post('/mfa/enrol', { code: totp(key, app.clock.now()) })).status, 401)
  })
})
