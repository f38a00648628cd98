// The limit of tries from one network address.
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { and, eq, inArray, ne } from 'drizzle-orm'
import { limitedByAddress } from '../../src/lockout/address-limit.ts'
import { PENDING_LIFE_MS } from '../../src/lockout/policy.ts'
import type { AuditAction } from '../../src/platform/audit/actions.ts'
import { NO_REQUEST } from '../../src/platform/audit/record.ts'
import { currentDeadline, Deadline, withDeadline } from '../../src/platform/db/deadline.ts'
import { auditEvents } from '../../src/platform/db/schema/audit-events.ts'
import { addressLimits } from '../../src/platform/db/schema/lockouts.ts'
import { MINUTE, SECOND } from '../../src/platform/time/durations.ts'
import { anyFreePort } from '../../src/start/free-port.ts'
import { startApp, type TestApp } from '../support/app.ts'
import { awaitWaiters } from '../support/await-waiters.ts'
import { type Answer, Browser } from '../support/browser.ts'
import { ENCRYPTION_KEYS } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { judged } from '../support/judged.ts'
import { People } from '../support/people.ts'
import { builtModule, startProcess } from '../support/processes.ts'

const LIMIT = 8
const WEB = builtModule('src/web.js')

let app: TestApp
let people: People
beforeEach(async () => {
  app = await startApp({ ADDRESS_ATTEMPTS: String(LIMIT) })
  people = new People(app)
})
afterEach(() => app.close())

function atOnce(count: number, send: (index: number) => Promise<Answer>): Promise<Answer[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => send(index)))
}

function statusesOf(answers: readonly Answer[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

function failFor(index: number): Promise<Answer> {
  return judged(() => app.browser().signInWithPassword(`user${index}@nowhere.example`, 'a wrong password'))
}

async function assertChecked(answers: readonly Answer[], actions: readonly AuditAction[]): Promise<void> {
  assert.deepEqual(statusesOf(answers), { 401: LIMIT, 429: answers.length - LIMIT })
  assert.deepEqual(await addressCount(), { failures: LIMIT, pending: 0 })
  const failures = and(inArray(auditEvents.action, [...actions]), ne(auditEvents.outcome, 'success'))
  assert.equal(await app.deps.db.$count(auditEvents, failures), LIMIT)
}

async function addressCount() {
  const [row] = await app.deps.db.select().from(addressLimits)
  return row && { failures: row.failures, pending: row.pending }
}

describe('simultaneous tries', () => {
  test('of 40 wrong passwords at once for 40 e-mail addresses exactly as many are checked as the limit allows', async () => {
    const answers = await atOnce(40, failFor)

    await assertChecked(answers, ['sign-in.password'])
  })

  test('sixteen users behind one address who sign in at once with the right password are all signed in', async () => {
    const emails: string[] = []
    for (let i = 0; i < 2 * LIMIT; i += 1)
      emails.push((await people.add('Harbour Group', ['finance-manager'])).email)

    const answers = await atOnce(emails.length, (i) =>
      judged(() => app.browser().signInWithPassword(emails[i] ?? '')),
    )

    assert.deepEqual(statusesOf(answers), { 303: 2 * LIMIT })
    assert.equal((await addressCount())?.failures, 0)
  })

  test('of 40 requests for a new password at once exactly as many are taken as the limit allows', async () => {
    const answers = await atOnce(40, (i) =>
      judged(() => app.browser().post('/forgot-password', { email: `user${i}@nowhere.example` })),
    )

    assert.deepEqual(statusesOf(answers), { 200: LIMIT, 429: 40 - LIMIT })
    const asked = await app.deps.db.$count(auditEvents, eq(auditEvents.action, 'password.reset-requested'))
    assert.equal(asked, LIMIT)
  })

  test('of wrong codes of sixteen users at once exactly as many are checked as the limit allows', async () => {
    const browsers = []
    for (let i = 0; i < 2 * LIMIT; i += 1) {
      const { id, email } = await people.add('Harbour Group', ['tech-operator'])
      const browser = app.browser()
      browser.secret = await people.enrol(id)
      await browser.signInWithPassword(email)
      browsers.push(browser)
    }

    const answers = await Promise.all(
      browsers.map((browser) => judged(() => browser.verify(browser.wrongCode()))),
    )

    await assertChecked(answers, ['sign-in.code'])
  })
})

test('of 60 wrong passwords sent at once to two web processes exactly as many are checked as the limit allows', async () => {
  const webs = await Promise.all([startWeb(), startWeb()])
  try {
    const answers = await atOnce(60, (i) =>
      judged(() =>
        new Browser(webs[i % 2]?.origin ?? '', app.clock).signInWithPassword(
          `user${i}@nowhere.example`,
          'a wrong password',
        ),
      ),
    )

    await assertChecked(answers, ['sign-in.password'])
  } finally {
    for (const { web } of webs) web.kill('SIGKILL')
  }
})

async function startWeb() {
  const port = await anyFreePort()
  const origin = `http://127.0.0.1:${port}`
  const web = startProcess(WEB, {
    DATABASE_URL: app.deps.config.DATABASE_URL,
    PUBLIC_URL: origin,
    PORT: String(port),
    SMTP_URL: 'smtp://127.0.0.1:9',
    MAIL_FROM: 'Portcullis <gate@portcullis.test>',
    SESSION_SECRET: 'a-secret-for-tests-only-which-is-long-enough',
    ENCRYPTION_KEYS,
    ADDRESS_ATTEMPTS: String(LIMIT),
    ANSWER_WITHIN: '30s',
  })
  await web.ready
  return { origin, web }
}

describe('tries that count', () => {
  test('wrong passwords and tries during a lock count for the address, and right passwords do not', async () => {
    const { email } = await people.add('Harbour Group', ['finance-manager'])
    await app.browser().signInWithPassword(email)
    assert.deepEqual(await addressCount(), { failures: 0, pending: 0 })

    for (let i = 0; i < 7; i += 1) await app.browser().signInWithPassword(email, 'a wrong password')

    assert.deepEqual(await addressCount(), { failures: 7, pending: 0 })
  })

  test('a wrong code counts for the address, and a right code and its repetition do not', async () => {
    const { id, email } = await people.add('Harbour Group', ['tech-operator'])
    const browser = app.browser()
    browser.secret = await people.enrol(id)
    await browser.signInWithPassword(email)
    const again = app.browser()
    again.secret = browser.secret
    await again.signInWithPassword(email)
    assert.equal((await browser.verify()).location, '/')
    assert.equal((await again.verify()).status, 401)
    assert.deepEqual(await addressCount(), { failures: 0, pending: 0 })

    await again.verify(again.wrongCode())

    assert.deepEqual(await addressCount(), { failures: 1, pending: 0 })
  })

  test('a try that is stored only after the time of its request does not count', async () => {
    const deadline = new Deadline()
    let tried: Promise<void> | undefined

    await app.deps.sql.begin(async (holder) => {
      await holder`lock table address_limits in exclusive mode`
      tried = assert.rejects(
        withDeadline(deadline, () =>
          limitedByAddress(app.deps, { ...NO_REQUEST, address: '127.0.0.1' }, async () => {
            currentDeadline()?.check()
            return { ok: true }
          }),
        ),
      )
      await awaitWaiters(app.deps.sql)
      deadline.pass(new Error('too late'))
    })
    await tried
    await eventually('the try is stored', async () => (await addressCount()) !== undefined)

    assert.deepEqual(await addressCount(), { failures: 0, pending: 0 })
  })

  test('a try whose process died counts for the address for ten seconds', async () => {
    const endsAt = new Date(app.clock.now().getTime() + 15 * MINUTE)
    const dead = { address: '127.0.0.1', failures: 0, pending: LIMIT, triedAt: app.clock.now(), endsAt }
    await app.deps.db.insert(addressLimits).values(dead)
    const { email } = await people.add('Harbour Group', ['finance-manager'])

    assert.equal((await app.browser().signInWithPassword(email)).status, 503)
    app.clock.advance(PENDING_LIFE_MS + SECOND)
    assert.equal((await app.browser().signInWithPassword(email)).location, '/')
    assert.deepEqual(await addressCount(), { failures: 0, pending: 0 })
  })
})

test('the first refused try of an address in each window is on record, and no other', async () => {
  const refusals = () =>
    app.deps.db.select().from(auditEvents).where(eq(auditEvents.action, 'address.refused'))
  for (let i = 0; i < LIMIT; i += 1) await failFor(i)
  assert.deepEqual(await refusals(), [], 'none while every try is checked')

  await atOnce(20, failFor)
  await app.browser().post('/forgot-password', { email: 'user1@nowhere.example' })

  const [event, ...others] = await refusals()
  assert.equal(event?.outcome, 'refused')
  assert.equal(event?.address, '127.0.0.1')
  assert.deepEqual(others, [])
  app.clock.advance(15 * MINUTE)
  for (let i = 0; i < LIMIT + 3; i += 1) await failFor(i)
  assert.equal((await refusals()).length, 2, 'one more in the next window')
})
