// Changing phones while the old authenticator works: no reset, and never without the old code.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { and, desc, eq } from 'drizzle-orm'
import { auditEvents } from '../../src/platform/db/schema/audit-events.ts'
import { authenticators } from '../../src/platform/db/schema/authenticators.ts'
import { lockouts } from '../../src/platform/db/schema/lockouts.ts'
import { mfaResets } from '../../src/platform/db/schema/mfa-resets.ts'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { renderMail } from '../../src/platform/mail/render-mail.ts'
import { MINUTE } from '../../src/platform/time/durations.ts'
import { startApp, type TestApp } from '../support/app.ts'
import { type Answer, type Browser, DEMO_PASSWORD, keyOn } from '../support/browser.ts'
import { totp } from '../support/rfc6238.ts'

const PAGE = '/account/authenticator'
const ADMIN = 'admin@harbour.example'
const TECH = 'tech@harbour.example'
const NEW_PASSWORD = 'seven green lanterns in fog'
const NOT_RIGHT = /The password or the code is not right/

let app: TestApp
before(async () => {
  app = await startApp({ ADDRESS_ATTEMPTS: '100000' })
})
after(() => app.close())

async function authenticatorsOf(email: string) {
  const { id } = await app.userNamed(email)
  return app.deps.db
    .select()
    .from(authenticators)
    .where(eq(authenticators.userId, id))
    .orderBy(desc(authenticators.id))
}

const active = async (email: string) =>
  (await authenticatorsOf(email)).filter(({ status }) => status === 'active')

async function codeFailures(email: string): Promise<number> {
  const { id } = await app.userNamed(email)
  const [row] = await app.deps.db
    .select()
    .from(lockouts)
    .where(and(eq(lockouts.subject, id), eq(lockouts.kind, 'code')))
  return row?.failedAt.length ?? 0
}

async function recorded(email: string, action: string): Promise<number> {
  const { id } = await app.userNamed(email)
  return app.deps.db.$count(
    auditEvents,
    and(eq(auditEvents.subjectId, id), eq(auditEvents.action, action), eq(auditEvents.outcome, 'success')),
  )
}

async function owedMails(email: string, kind: string): Promise<number> {
  const { id } = await app.userNamed(email)
  return app.deps.db.$count(
    notifications,
    and(eq(notifications.recipientId, id), eq(notifications.kind, kind)),
  )
}

/** Signed in with an authenticator, whatever the tests before have left. */
async function enrolled(email: string): Promise<Browser> {
  const browser = app.browser()
  browser.secret = phones.get(email) ?? null
  const { location } = await browser.signInWithPassword(email)
  if (location === '/mfa/enrol') await browser.enrol()
  assert.equal((await browser.verify(browser.nextCode())).location, '/', `${email} is in`)
  keep(email, browser)
  return browser
}

/** The secret on each person's phone. */
const phones = new Map<string, Buffer>()
function keep(email: string, { secret }: Browser): void {
  if (secret) phones.set(email, secret)
}

function prove(browser: Browser, code = browser.nextCode(), password = DEMO_PASSWORD): Promise<Answer> {
  return browser.post(PAGE, { password, code })
}

/** Proves password and code, and returns the key that the new device scans. */
async function begin(browser: Browser): Promise<Buffer> {
  assert.equal((await prove(browser)).location, PAGE)
  return keyOn((await browser.get(PAGE)).body)
}

function confirm(browser: Browser, key: Buffer): Promise<Answer> {
  return browser.post(`${PAGE}/confirm`, { code: totp(key, app.clock.now()) })
}

describe('a change of device', () => {
  test('a change of device takes password and current code, then the new device, and revokes the old one', async () => {
    const theo = await enrolled(TECH)
    const [before] = await active(TECH)
    const other = await enrolled(TECH)
    const halfway = app.browser()
    halfway.secret = theo.secret
    await halfway.signInWithPassword(TECH)
    const cookie = theo.cookies.get('sid')

    const key = await begin(theo)
    assert.notDeepEqual(key, theo.secret)
    assert.deepEqual(
      (await active(TECH)).map(({ id }) => id),
      [before?.id],
      'the old one still works',
    )
    assert.equal((await other.get('/')).status, 200, 'nothing has ended yet')
    const answer = await confirm(theo, key)

    assert.equal(answer.status, 303)
    assert.equal(answer.location, '/mfa/verify')
    const [now, ...more] = await active(TECH)
    assert.ok(now && now.id !== before?.id && more.length === 0)
    const old = (await authenticatorsOf(TECH)).find(({ id }) => id === before?.id)
    assert.equal(old?.status, 'revoked')
    assert.equal(old?.sealedSecret, null, 'erased')
    assert.deepEqual(old?.revokedAt, now.activatedAt, 'in the same moment')
    assert.equal((await other.get('/')).location, '/sign-in')
    assert.equal((await halfway.verify(halfway.nextCode())).location, '/sign-in')
    assert.notEqual(theo.cookies.get('sid'), cookie)
    assert.equal(await recorded(TECH, 'authenticator.replaced'), 1)
    assert.equal(await owedMails(TECH, 'authenticator-replaced'), 1)
    assert.equal(await recorded(TECH, 'mfa-reset.requested'), 0, 'it is no reset')

    // The dashboard opens with a further code of the new device, and with none of the old one.
    assert.equal((await theo.get('/')).location, '/mfa/verify')
    assert.equal((await theo.verify(theo.code())).status, 401, 'a code of the old device')
    theo.secret = key
    keep(TECH, theo)
    assert.equal((await theo.verify(theo.nextCode())).location, '/account')
    assert.equal((await theo.get('/account')).status, 200)
    await enrolled(TECH)
  })

  test('the mail about a change of device says when and from where, and what to do if it was another person', () => {
    const { subject, text, html } = renderMail('authenticator-replaced', {
      recipient: { name: 'Theo Marchetti', email: TECH, clientName: 'Harbour Group' },
      helper: 'an Admin of your account',
      publicUrl: app.origin,
      at: new Date('2026-03-02T09:00:00Z'),
      address: '203.0.113.7',
      userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    })

    assert.equal(subject, 'Your authenticator was replaced by a new one')
    for (const body of [text, html]) {
      assert.match(body, /203\.0\.113\.7, Firefox on Linux/)
      assert.match(body, /2 Mar 2026, 09:00/)
      assert.match(body.replace(/\s+/g, ' '), /Tell an Admin of your account at once/)
    }
  })

  test('the code that confirmed the new device does not open the dashboard as well', async () => {
    const theo = await enrolled(TECH)
    const key = await begin(theo)
    await confirm(theo, key)
    theo.secret = key
    keep(TECH, theo)

    assert.equal((await theo.verify(theo.code())).status, 401)
    assert.equal((await theo.verify(theo.nextCode())).location, '/account')
  })

  test('a change of device never works without the old code or the password, and does not say which was wrong', async () => {
    const theo = await enrolled(TECH)
    const pages = []
    for (const [code, password] of [
      [theo.wrongCode(), DEMO_PASSWORD],
      [theo.nextCode(), 'not my password'],
      [theo.wrongCode(), 'not my password'],
    ] as const) {
      const answer = await prove(theo, code, password)
      assert.equal(answer.status, 401)
      assert.match(answer.body, NOT_RIGHT)
      assert.ok(!answer.body.includes(code) && !answer.body.includes('not my password'))
      pages.push(answer.body)
    }
    assert.equal(new Set(pages).size, 1, 'one and the same page')

    for (const fields of [{ password: DEMO_PASSWORD }, { code: theo.code() }, { password: '', code: '' }, {}])
      assert.equal((await theo.post(PAGE, fields)).status, 422)
    assert.doesNotMatch((await theo.get(PAGE)).body, /otpauth:|manual-key/)
    assert.equal((await confirm(theo, Buffer.alloc(20, 1))).status, 409)
    assert.equal((await theo.post(`${PAGE}/restart`)).location, PAGE)
    assert.doesNotMatch((await theo.get(PAGE)).body, /otpauth:|manual-key/)
    assert.ok((await authenticatorsOf(TECH)).every(({ status }) => status !== 'pending'))
  })

  test('a wrong password at a change of device uses up no code', async () => {
    const theo = await enrolled(TECH)
    const failures = await codeFailures(TECH)
    const code = theo.nextCode()

    assert.equal((await prove(theo, code, 'not my password')).status, 401)
    assert.equal(await codeFailures(TECH), failures)
    assert.equal((await prove(theo, code)).location, PAGE)
  })

  test('a code is used up by the step-up, and a code used before is refused', async () => {
    const theo = await enrolled(TECH)
    assert.equal((await prove(theo, theo.code())).status, 401, 'it opened the dashboard a moment ago')
    const code = theo.nextCode()
    assert.equal((await prove(theo, code)).location, PAGE)
    assert.equal((await prove(theo, code)).status, 401)
    const halfway = app.browser()
    halfway.secret = theo.secret
    await halfway.signInWithPassword(TECH)
    assert.equal((await halfway.verify(code)).status, 401, 'nor does it sign anybody in')
  })

  test('five wrong codes at a change of device lock codes there and at sign-in, even if the password is right', async () => {
    const email = 'admin2@harbour.example'
    const lucas = await enrolled(email)
    for (let i = 0; i < 4; i += 1) assert.equal((await prove(lucas, lucas.wrongCode())).status, 401)
    const fifth = await prove(lucas, lucas.wrongCode())
    assert.equal(fifth.status, 401)
    assert.match(fifth.body, /Locked for now/)

    const locked = await prove(lucas)
    assert.equal(locked.status, 429)
    assert.ok(Number(locked.headers.get('retry-after')) > 0)
    assert.equal((await lucas.get(PAGE)).status, 429)
    assert.equal((await lucas.get('/')).status, 200, 'the session goes on')
    const halfway = app.browser()
    await halfway.signInWithPassword(email)
    assert.equal((await halfway.verify(lucas.code())).status, 429)
  })

  test('five wrong passwords at a change of device lock passwords in that known browser, there and at sign-in', async () => {
    const email = 'admin@retail.harbour.example'
    const rosa = await enrolled(email)
    for (let i = 0; i < 5; i += 1) assert.equal((await prove(rosa, rosa.code(), 'wrong')).status, 401)

    assert.equal((await prove(rosa)).status, 429)
    await rosa.post('/sign-out')
    assert.equal((await rosa.signInWithPassword(email)).status, 429)
    assert.equal(await codeFailures(email), 0)
  })

  test('wrong codes of the new device are counted, and the old device goes on working', async () => {
    const email = 'tech@retail.harbour.example'
    const ravi = await enrolled(email)
    const key = await begin(ravi)
    const [before] = await active(email)
    ravi.secret = key

    for (let i = 0; i < 4; i += 1) {
      const answer = await ravi.post(`${PAGE}/confirm`, { code: ravi.wrongCode() })
      assert.equal(answer.status, 401)
      assert.deepEqual(keyOn(answer.body), key, 'the same key')
    }
    assert.equal((await ravi.post(`${PAGE}/confirm`, { code: '' })).status, 422)
    assert.match((await ravi.post(`${PAGE}/confirm`, { code: ravi.wrongCode() })).body, /Locked for now/)
    assert.equal((await confirm(ravi, key)).status, 429)
    assert.equal((await active(email))[0]?.id, before?.id)
  })

  test('the key of the new device lasts ten minutes from the step-up, even if it is started over', async () => {
    const theo = await enrolled(TECH)
    const first = await begin(theo)
    assert.deepEqual(keyOn((await theo.get(PAGE)).body), first, 'a reload shows the same key')
    app.clock.advance(6 * MINUTE)
    assert.equal((await theo.post(`${PAGE}/restart`)).location, PAGE)
    const second = keyOn((await theo.get(PAGE)).body)
    assert.notDeepEqual(second, first)
    assert.equal((await confirm(theo, first)).status, 401, 'the first key is void')
    app.clock.advance(4 * MINUTE)

    assert.equal((await confirm(theo, second)).status, 409)
    assert.doesNotMatch((await theo.get(PAGE)).body, /manual-key/)
    assert.equal((await theo.post(`${PAGE}/restart`)).location, PAGE)
    assert.doesNotMatch((await theo.get(PAGE)).body, /manual-key/)
    assert.equal((await theo.get('/')).status, 200)
  })

  test('the key of the new device is shown to and confirmed by only the session that stepped up', async () => {
    const theo = await enrolled(TECH)
    const other = await enrolled(TECH)
    const key = await begin(theo)

    assert.doesNotMatch((await other.get(PAGE)).body, /manual-key/)
    assert.equal((await confirm(other, key)).status, 409)
    await other.post(`${PAGE}/restart`)
    await other.post(`${PAGE}/cancel`)
    assert.deepEqual(keyOn((await theo.get(PAGE)).body), key)

    assert.equal((await prove(other)).location, PAGE)
    assert.equal((await confirm(theo, key)).status, 409, 'a second change makes the first void')
  })

  test('a half-way sign-in does not reach the change of device', async () => {
    const theo = await enrolled(TECH)
    const halfway = app.browser()
    halfway.secret = theo.secret
    await halfway.signInWithPassword(TECH)
    const before = await authenticatorsOf(TECH)

    assert.equal((await halfway.get(PAGE)).location, '/mfa/verify')
    assert.equal((await prove(halfway)).location, '/mfa/verify')
    for (const step of ['confirm', 'restart', 'cancel'])
      assert.equal((await halfway.post(`${PAGE}/${step}`, { code: '123456' })).location, '/mfa/verify')
    assert.deepEqual(await authenticatorsOf(TECH), before)
  })

  test('a cancelled change of device leaves everything unchanged', async () => {
    const theo = await enrolled(TECH)
    const other = await enrolled(TECH)
    const [before] = await active(TECH)
    const key = await begin(theo)

    assert.equal((await theo.post(`${PAGE}/cancel`)).location, '/account')

    assert.equal((await confirm(theo, key)).status, 409)
    assert.equal((await active(TECH))[0]?.id, before?.id)
    assert.ok((await authenticatorsOf(TECH)).every(({ status }) => status !== 'pending'))
    assert.equal((await other.get('/')).status, 200)
  })

  test('a new password and an end from another session end the change of device', async () => {
    const passwords = (currentPassword: string, password: string) => ({ currentPassword, password })
    const ends: ((other: Browser) => Promise<Answer>)[] = [
      (other) => other.post('/account/sessions/end-others'),
      (other) => other.post('/account/password', passwords(DEMO_PASSWORD, NEW_PASSWORD)),
    ]
    for (const end of ends) {
      const theo = await enrolled(TECH)
      const other = await enrolled(TECH)
      const key = await begin(theo)

      assert.equal((await end(other)).location, '/account')

      assert.equal((await confirm(theo, key)).location, '/sign-in')
      assert.ok((await authenticatorsOf(TECH)).every(({ status }) => status !== 'pending'))
    }
    const { id } = await app.userNamed(TECH)
    const { passwordHash } = await app.userNamed(ADMIN)
    await app.deps.db.update(users).set({ passwordHash }).where(eq(users.id, id))
  })

  test('a change of device leaves the full time to sign in with the next code, however old the session is', async () => {
    const theo = await enrolled(TECH)
    for (let i = 0; i < 4; i += 1) {
      app.clock.advance(20 * MINUTE)
      await theo.get('/')
    }
    const key = await begin(theo)
    await confirm(theo, key)
    theo.secret = key
    keep(TECH, theo)
    app.clock.advance(8 * MINUTE)

    assert.equal((await theo.verify(theo.code())).location, '/account')
  })
})

describe('simultaneous changes of device', () => {
  test('a reset and a change of device at the same time leave one outcome and no earlier device', async () => {
    const { id: userId } = await app.userNamed(TECH)
    for (let round = 0; round < 5; round += 1) {
      const admin = await enrolled(ADMIN)
      const theo = await enrolled(TECH)
      const before = (await active(TECH)).map(({ id }) => id)
      const changes = await recorded(TECH, 'authenticator.replaced')
      const key = await begin(theo)

      const [reset, change] = await Promise.all([
        admin.post(`/users/${userId}/mfa-reset`, { reason: 'Phone lost on the train' }),
        confirm(theo, key),
      ])

      assert.equal(reset.status, 303, 'an Admin’s reset is never lost')
      const left = await active(TECH)
      assert.deepEqual(left, [], 'it clears whatever is active')
      assert.ok((await authenticatorsOf(TECH)).every(({ status }) => status === 'revoked'))
      assert.equal((await theo.get('/')).location, '/sign-in', 'no session is left')
      const [row] = await app.deps.db
        .select()
        .from(mfaResets)
        .where(eq(mfaResets.userId, userId))
        .orderBy(desc(mfaResets.id))
        .limit(1)
      // The answer to the change alone does not tell: the reset may come between the change and its answer.
      const changedFirst = (await recorded(TECH, 'authenticator.replaced')) > changes
      assert.ok(changedFirst || change.location !== '/mfa/verify')
      assert.equal(before.includes(row?.authenticatorId ?? ''), !changedFirst)
      phones.delete(TECH)
    }
  })

  test('two confirmations at the same time make one change of device', async () => {
    const theo = await enrolled(TECH)
    const changes = await recorded(TECH, 'authenticator.replaced')
    const key = await begin(theo)
    const tab = app.browser()
    tab.cookies.set('sid', theo.cookies.get('sid') ?? '')

    const answers = await Promise.all([confirm(theo, key), confirm(tab, key)])

    assert.equal(answers.filter(({ location }) => location === '/mfa/verify').length, 1)
    assert.equal((await active(TECH)).length, 1)
    assert.equal(await recorded(TECH, 'authenticator.replaced'), changes + 1)
    phones.set(TECH, key)
  })

  test('of two sessions that change the device at the same time one activates its device and the other’s key is void', async () => {
    for (let round = 0; round < 4; round += 1) {
      const one = await enrolled(TECH)
      const two = await enrolled(TECH)
      const changes = await recorded(TECH, 'authenticator.replaced')
      const first = await begin(one)
      const [answer, proof] = await Promise.all([confirm(one, first), prove(two)])
      const changed = answer.location === '/mfa/verify'
      if (changed) phones.set(TECH, first)

      assert.equal((await active(TECH)).length, 1)
      assert.equal(await recorded(TECH, 'authenticator.replaced'), changes + Number(changed))
      if (changed) assert.equal((await two.get('/')).location, '/sign-in', 'the other session has ended')
      else assert.equal(proof.location, PAGE, 'it was made void by the other')
      const pending = (await authenticatorsOf(TECH)).filter(({ status }) => status === 'pending')
      assert.equal(pending.length, changed ? 0 : 1)
    }
  })

  test('a sign-in with the old device at the same time does not outlive the change of device', async () => {
    for (let round = 0; round < 5; round += 1) {
      const theo = await enrolled(TECH)
      const key = await begin(theo)
      const other = app.browser()
      other.secret = theo.secret
      await other.signInWithPassword(TECH)
      const code = other.nextCode()

      const [change] = await Promise.all([confirm(theo, key), other.verify(code)])

      assert.equal(change.location, '/mfa/verify')
      assert.equal((await other.get('/')).location, '/sign-in')
      assert.equal((await active(TECH)).length, 1)
      phones.set(TECH, key)
    }
  })
})

describe('a user who needs no MFA', () => {
  const FINANCE = 'finance@harbour.example'

  test('a user who needs no MFA may set it up with their password and is asked for a code from then on', async () => {
    const fiona = app.browser()
    await fiona.signInWithPassword(FINANCE)
    const other = app.browser()
    await other.signInWithPassword(FINANCE)
    assert.doesNotMatch((await fiona.get(PAGE)).body, /manual-key|name="code"/)
    assert.equal((await fiona.post(PAGE, { password: 'not it' })).status, 401)
    assert.doesNotMatch((await fiona.get(PAGE)).body, /manual-key/)

    assert.equal((await fiona.post(PAGE, { password: DEMO_PASSWORD })).location, PAGE)
    const key = keyOn((await fiona.get(PAGE)).body)
    assert.equal((await confirm(fiona, key)).location, '/mfa/verify')

    fiona.secret = key
    assert.equal((await fiona.verify(fiona.nextCode())).location, '/account')
    assert.notEqual((await other.get('/')).status, 200, 'the gate holds the other session')
    assert.equal(await recorded(FINANCE, 'authenticator.enrolled'), 1)
    assert.equal(await recorded(FINANCE, 'authenticator.replaced'), 0)
    assert.equal(await owedMails(FINANCE, 'authenticator-enrolled'), 1)
    await fiona.post('/sign-out')
    assert.equal((await fiona.signInWithPassword(FINANCE)).location, '/mfa/verify')
  })
})
