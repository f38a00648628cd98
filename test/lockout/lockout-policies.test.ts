// Spec: "Failed attempts follow existing authentication and lockout policies."
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { and, eq } from 'drizzle-orm'
import { endLockout } from '../../src/lockout/end-lockout.ts'
import { auditEvents } from '../../src/platform/db/schema/audit-events.ts'
import { lockouts } from '../../src/platform/db/schema/lockouts.ts'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import { outbox } from '../../src/platform/db/schema/outbox.ts'
import { HOUR, MINUTE, SECOND } from '../../src/platform/time/durations.ts'
import { startApp, type TestApp } from '../support/app.ts'
import { type Answer, type Browser, DEMO_PASSWORD, keyOn } from '../support/browser.ts'
import { judged } from '../support/judged.ts'
import { People } from '../support/people.ts'

let app: TestApp
let people: People
before(async () => {
  app = await startApp({ ADDRESS_ATTEMPTS: '100000' })
  people = new People(app)
})
after(() => app.close())

const WRONG_PASSWORD = 'not the password at all'

async function mailsOwedTo(email: string, kind: string) {
  const { id } = await app.userNamed(email)
  return app.deps.db
    .select()
    .from(notifications)
    .where(and(eq(notifications.recipientId, id), eq(notifications.kind, kind)))
}

/** Statuses of `count` wrong passwords one after the other. */
async function failPassword(browser: Browser, email: string, count: number): Promise<number[]> {
  const statuses: number[] = []
  for (let i = 0; i < count; i += 1)
    statuses.push((await browser.signInWithPassword(email, WRONG_PASSWORD)).status)
  return statuses
}

async function failCode(browser: Browser, count: number): Promise<number[]> {
  const statuses: number[] = []
  for (let i = 0; i < count; i += 1) statuses.push((await browser.verify(browser.wrongCode())).status)
  return statuses
}

/** All others reached the count as well, and were turned away there. */
function assertFiveEvaluated(answers: readonly Answer[]) {
  const count = (wanted: number) => answers.filter(({ status }) => status === wanted).length
  assert.equal(count(401), 5)
  assert.equal(count(429), answers.length - 5)
}

/** How many failures the database has counted since the last success. */
async function failuresCounted(email: string, kind: 'password' | 'code'): Promise<number | undefined> {
  const { id } = await app.userNamed(email)
  const [row] = await app.deps.db
    .select()
    .from(lockouts)
    .where(and(eq(lockouts.subject, id), eq(lockouts.kind, kind)))
  return row?.consecutiveFailures
}

async function failuresOnRecord(email: string, action: 'sign-in.password' | 'sign-in.code') {
  return (await people.eventsOf(email, action)).filter(({ outcome }) => outcome === 'failure')
}

function assertLockPage(answer: { status: number; headers: Headers; body: string }, minutes: number) {
  assert.equal(answer.status, 429)
  const seconds = Number(answer.headers.get('retry-after'))
  assert.ok(seconds > (minutes - 1) * 60 && seconds <= minutes * 60, `Retry-After ${seconds}`)
  assert.match(answer.body, /<time datetime="/)
}

describe('wrong passwords', () => {
  test('five wrong passwords lock, and the right one is refused until the lock ends by itself', async () => {
    const email = 'finance@harbour.example'
    const browser = app.browser()

    assert.deepEqual(await failPassword(browser, email, 5), [401, 401, 401, 401, 401])

    assertLockPage(await browser.signInWithPassword(email), 15)
    app.clock.advance(15 * MINUTE - SECOND)
    assert.equal((await browser.signInWithPassword(email)).status, 429)
    app.clock.advance(SECOND)
    assert.equal((await browser.signInWithPassword(email)).location, '/')
    assert.equal((await people.eventsOf(email, 'lockout.started')).length, 1)
    assert.equal((await mailsOwedTo(email, 'lockout')).length, 1)
  })

  test('the displayed end of a lock is never too early', async () => {
    const browser = app.browser()
    app.clock.advance(MINUTE - (app.clock.now().getTime() % MINUTE) + SECOND)
    await failPassword(browser, 'nobody@too-early.example', 5)

    const [, written = ''] = /<time datetime="([^"]+)"/.exec(browser.last.body) ?? []

    const lockedUntil = app.clock.now().getTime() + 15 * MINUTE
    assert.equal(new Date(written).getTime(), lockedUntil - SECOND + MINUTE)
  })

  test('an address without a user behaves the same, locks included', async () => {
    const browser = app.browser()

    assert.deepEqual(await failPassword(browser, 'nobody@nowhere.example', 6), [401, 401, 401, 401, 401, 429])
    assertLockPage(browser.last, 15)
    const known = app.browser()
    await failPassword(known, 'support@harbour.example', 1)
    const knownBody = known.last.body
    await failPassword(browser, 'somebody.else@nowhere.example', 1)
    const normal = (body: string) => body.replace(/[\w.]+@[\w.]+/g, 'EMAIL').replace(/[0-9a-f-]{36}/g, 'ID')
    assert.equal(normal(browser.last.body), normal(knownBody))
  })

  test('spellings of one address share one count', async () => {
    const browser = app.browser()
    const spellings = [
      'admin@meridian.example',
      ' ADMIN@meridian.example',
      'Admin@Meridian.Example ',
      'aDmin@meridian.example',
      'admin@MERIDIAN.example',
    ]

    for (const email of spellings)
      assert.equal((await browser.signInWithPassword(email, WRONG_PASSWORD)).status, 401)

    assert.equal((await browser.signInWithPassword('admin@meridian.example')).status, 429)
  })

  test('a right password clears the count', async () => {
    const email = 'tech@meridian.example'
    const browser = app.browser()

    await failPassword(browser, email, 4)
    assert.equal((await browser.signInWithPassword(email)).location, '/')
    await browser.post('/sign-out')

    assert.deepEqual(await failPassword(browser, email, 4), [401, 401, 401, 401])
    assert.equal((await browser.signInWithPassword(email)).location, '/')
  })

  test('tries during a lock do not prolong it, and the next lock is twice as long', async () => {
    const email = 'desk2@platform.example'
    const browser = app.browser()
    await failPassword(browser, email, 5)
    for (let minute = 0; minute < 14; minute += 1) {
      app.clock.advance(MINUTE)
      assert.equal((await browser.signInWithPassword(email, WRONG_PASSWORD)).status, 429)
    }
    app.clock.advance(MINUTE)

    await failPassword(browser, email, 5)

    assertLockPage(await browser.signInWithPassword(email), 30)
  })

  test('of 200 parallel guesses against one account exactly 5 are evaluated', async () => {
    const email = 'operator@platform.example'

    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        judged(() => app.browser().signInWithPassword(email, `wrong password ${i}`)),
      ),
    )

    assertFiveEvaluated(answers)
    assert.equal(await failuresCounted(email, 'password'), 5)
    assert.equal((await failuresOnRecord(email, 'sign-in.password')).length, 5)
    assert.equal((await people.eventsOf(email, 'lockout.started')).length, 1)
  })
})

describe('wrong codes', () => {
  test('of 60 parallel guesses from 10 half-way sign-ins of one account exactly 5 are evaluated', async () => {
    const { id, email } = await people.add('Harbour Group', ['tech-operator'])
    const secret = await people.enrol(id)
    const browsers = Array.from({ length: 10 }, () => Object.assign(app.browser(), { secret }))
    for (const browser of browsers)
      assert.equal((await browser.signInWithPassword(email)).location, '/mfa/verify')

    const answers = await Promise.all(
      Array.from({ length: 6 }, () =>
        browsers.map((browser) => judged(() => browser.verify(browser.wrongCode()))),
      ).flat(),
    )

    assertFiveEvaluated(answers)
    assert.equal(await failuresCounted(email, 'code'), 5)
    assert.equal((await failuresOnRecord(email, 'sign-in.code')).length, 5)
    assert.equal((await people.eventsOf(email, 'lockout.started')).length, 1)
  })

  test('five wrong codes lock and end every half-way sign-in, and after the lock the user signs in without help', async () => {
    const email = 'tech@harbour.example'
    const theo = app.browser()
    const elsewhere = app.browser()
    await theo.enrolAndSignIn(email)
    await theo.post('/sign-out')
    elsewhere.secret = theo.secret
    await elsewhere.signInWithPassword(email)
    await theo.signInWithPassword(email)

    assert.deepEqual(await failCode(theo, 3), [401, 401, 401])
    assert.doesNotMatch(theo.last.body, /One more wrong code/)
    assert.deepEqual(await failCode(theo, 1), [401])
    assert.match(theo.last.body, /One more wrong code may lock your codes for 15 minutes\./)
    assert.deepEqual(await failCode(theo, 1), [401])

    assert.equal((await theo.get('/mfa/verify')).location, '/sign-in?next=%2Fmfa%2Fverify')
    assertLockPage(await elsewhere.verify(elsewhere.nextCode()), 15)
    assert.match((await elsewhere.get('/')).location ?? '', /^\/sign-in/)
    assert.equal((await theo.signInWithPassword(email)).location, '/mfa/verify')
    assertLockPage(await theo.get('/mfa/verify'), 15)
    assert.equal(
      (await theo.verify(theo.nextCode())).status,
      429,
      'the right code is refused during the lock',
    )
    app.clock.advance(15 * MINUTE)
    assert.equal((await theo.signIn(email)).location, '/')
    assert.equal((await people.eventsOf(email, 'lockout.started')).length, 1)
    assert.ok((await people.eventsOf(email, 'sign-in.code')).some(({ outcome }) => outcome === 'refused'))
    assert.equal(
      (await mailsOwedTo(email, 'code-failed')).length,
      1,
      'one mail says that another person knows the password',
    )
  })

  test('a new sign-in brings no new attempts: two wrong codes each time lock at five in all', async () => {
    const email = 'admin@harbour.example'
    const browser = app.browser()
    await browser.enrolAndSignIn(email)
    await browser.post('/sign-out')

    const statuses: number[] = []
    for (let round = 0; round < 3; round += 1) {
      await browser.signInWithPassword(email)
      statuses.push(...(await failCode(browser, 2)))
    }

    assert.deepEqual(statuses.slice(0, 5), [401, 401, 401, 401, 401])
    assert.notEqual(statuses[5], 401, 'the sixth is not evaluated')
  })

  test('the codes of enrolment are counted as well', async () => {
    const email = 'admin@retail.harbour.example'
    const browser = app.browser()
    await browser.signInWithPassword(email)
    await browser.scanKey()

    const pages: string[] = []
    for (let i = 0; i < 5; i += 1) {
      const { status, body } = await browser.post('/mfa/enrol', { code: browser.wrongCode() })
      assert.equal(status, 401)
      pages.push(body)
    }

    assert.doesNotMatch(pages[2] ?? '', /One more wrong code/)
    assert.match(pages[3] ?? '', /One more wrong code may lock your codes for 15 minutes\./)
    app.clock.advance(SECOND)
    await browser.signInWithPassword(email)
    assert.equal((await browser.get('/mfa/enrol')).status, 429)
  })

  test('one code in 20 parallel requests succeeds once', async () => {
    const email = 'tech@retail.harbour.example'
    const first = app.browser()
    await first.enrolAndSignIn(email)
    const browsers = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const browser = app.browser()
        await browser.signInWithPassword(email)
        return browser
      }),
    )
    const code = first.nextCode()

    const answers = await Promise.all(browsers.map((browser) => browser.verify(code)))

    assert.equal(answers.filter(({ location }) => location === '/').length, 1)
    await first.post('/sign-out')
    assert.equal((await first.signIn(email)).location, '/', 'and the owner is not locked out by it')
  })

  test('a double click on the right code does not lock the user out', async () => {
    const tech = app.browser()
    await tech.enrolAndSignIn('tech@online.harbour.example')
    const code = tech.code()

    for (let i = 0; i < 10; i += 1) {
      const other = app.browser()
      await other.signInWithPassword('tech@online.harbour.example')
      assert.equal((await other.verify(code)).status, 401, 'a used code is refused')
    }

    await tech.post('/sign-out')
    assert.equal((await tech.signIn('tech@online.harbour.example')).location, '/')
  })

  test('100 wrong codes in a row disable the authenticator until a reset', async () => {
    const email = 'admin2@harbour.example'
    const browser = app.browser()
    await browser.enrolAndSignIn(email)
    await browser.post('/sign-out')
    let wrong = 0
    while (wrong < 100) {
      await browser.signInWithPassword(email)
      wrong += (await failCode(browser, 5)).filter((status) => status === 401).length
      app.clock.advance(24 * HOUR)
    }

    await browser.signInWithPassword(email)
    const answer = await browser.verify(browser.nextCode())

    assert.equal(wrong, 100)
    assert.equal(answer.status, 429)
    assert.equal((await people.eventsOf(email, 'authenticator.disabled')).length, 1)
    assert.equal((await mailsOwedTo(email, 'authenticator-disabled')).length, 1)
  })
})

describe('the end of a lock', () => {
  test('the end of a lock is queued for its time in the transaction that locks', async () => {
    const email = 'desk@platform.example'
    await failPassword(app.browser(), email, 5)
    const { id } = await app.userNamed(email)
    const [lock] = await app.deps.db.select().from(lockouts).where(eq(lockouts.subject, id))
    const queued = await app.deps.db.select().from(outbox).where(eq(outbox.job, 'end-lockout'))

    const job = queued.find(({ payload }) => payload.subject === id)

    assert.deepEqual(job?.payload, { subject: id, kind: 'password' })
    assert.deepEqual(job?.dueAt, lock?.lockedUntil)
  })

  test('early, late and repeated jobs at the end of a lock change nothing else', async () => {
    const email = 'support@harbour.example'
    await failPassword(app.browser(), email, 5)
    const { id: subject } = await app.userNamed(email)
    const key = { subject, kind: 'password' as const }
    const end = () => app.deps.db.transaction((tx) => endLockout(tx, key, app.clock.now()))

    const early = await end()
    assert.ok(early?.again && early.again > app.clock.now(), 'too early: it asks to come back')
    assert.equal((await app.browser().signInWithPassword(email)).status, 429, 'and the lock stands')
    app.clock.advance(HOUR)
    await end()
    await end()

    assert.equal((await people.eventsOf(email, 'lockout.ended')).length, 1)
    assert.equal((await mailsOwedTo(email, 'lockout-ended')).length, 1)
    assert.equal((await app.browser().signInWithPassword(email)).location, '/')
  })

  test('the end of a lock is recorded and mailed also when the user signed in before the late job', async () => {
    const email = 'admin@meridian.example'
    await failPassword(app.browser(), email, 5)
    const { id: subject } = await app.userNamed(email)
    app.clock.advance(16 * MINUTE)
    assert.equal((await app.browser().signInWithPassword(email)).location, '/')

    await app.deps.db.transaction((tx) => endLockout(tx, { subject, kind: 'password' }, app.clock.now()))

    assert.equal((await people.eventsOf(email, 'lockout.ended')).length, 1)
    assert.equal((await mailsOwedTo(email, 'lockout-ended')).length, 1)
  })

  test('wrong passwords between the end of a lock and its late job still count', async () => {
    const email = 'tech@meridian.example'
    await failPassword(app.browser(), email, 5)
    const { id: subject } = await app.userNamed(email)
    app.clock.advance(16 * MINUTE)
    await failPassword(app.browser(), email, 4)

    await app.deps.db.transaction((tx) => endLockout(tx, { subject, kind: 'password' }, app.clock.now()))

    assert.deepEqual(await failPassword(app.browser(), email, 2), [401, 429])
  })
})

test('tries during a lock count on the address and do not fill the audit log', async () => {
  const limited = await startApp({ ADDRESS_ATTEMPTS: '10' })
  try {
    const browser = limited.browser()
    for (let i = 0; i < 30; i += 1) await browser.signInWithPassword('nobody@nowhere.example', WRONG_PASSWORD)

    assert.equal(browser.last.status, 429)
    const events = await limited.deps.db
      .select()
      .from(auditEvents)
      .where(eq(auditEvents.action, 'sign-in.password'))
    assert.equal(events.length, 10)
  } finally {
    await limited.close()
  }
})

test('failures from one address are limited across accounts, and forged forwarding headers do not help', async () => {
  const limited = await startApp({ ADDRESS_ATTEMPTS: '10' })
  try {
    const browser = limited.browser()
    for (let i = 0; i < 10; i += 1)
      assert.equal((await browser.signInWithPassword(`user${i}@nowhere.example`, WRONG_PASSWORD)).status, 401)

    const answer = await browser.post(
      '/sign-in',
      { email: 'finance@harbour.example', password: DEMO_PASSWORD },
      { 'x-forwarded-for': '203.0.113.9', forwarded: 'for=203.0.113.9', 'x-real-ip': '203.0.113.9' },
    )
    assertLockPage(answer, 15)
    limited.clock.advance(15 * MINUTE)
    assert.equal((await browser.signInWithPassword('finance@harbour.example')).location, '/')
  } finally {
    await limited.close()
  }
})

test('an address that failed too often enrols no device, neither a first nor a further one', async () => {
  const limited = await startApp({ ADDRESS_ATTEMPTS: '10' })
  try {
    const enrolling = limited.browser()
    await enrolling.signInWithPassword('tech@harbour.example')
    await enrolling.scanKey()
    const atHome = limited.browser()
    await atHome.signInWithPassword('finance@harbour.example')
    await atHome.post('/account/authenticator', { password: DEMO_PASSWORD })
    atHome.secret = keyOn((await atHome.get('/account/authenticator')).body)
    for (let i = 0; i < 10; i += 1)
      await limited.browser().signInWithPassword(`user${i}@nowhere.example`, WRONG_PASSWORD)

    assertLockPage(await enrolling.post('/mfa/enrol', { code: enrolling.code() }), 15)
    assertLockPage(await atHome.post('/account/authenticator/confirm', { code: atHome.code() }), 15)
  } finally {
    await limited.close()
  }
})
