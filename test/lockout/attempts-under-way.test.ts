// Attempts that are checked at the same time wait for each other. Only failures lock.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { and, eq } from 'drizzle-orm'
import { readLockout } from '../../src/lockout/lockouts.queries.ts'
import { PENDING_LIFE_MS } from '../../src/lockout/policy.ts'
import { spendAttempt } from '../../src/lockout/spend-attempt.ts'
import { Deadline, withDeadline } from '../../src/platform/db/deadline.ts'
import { lockouts } from '../../src/platform/db/schema/lockouts.ts'
import { outbox } from '../../src/platform/db/schema/outbox.ts'
import { SECOND } from '../../src/platform/time/durations.ts'
import { startApp, type TestApp } from '../support/app.ts'
import { awaitWaiters } from '../support/await-waiters.ts'
import type { Answer, Browser } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { judged } from '../support/judged.ts'
import { People } from '../support/people.ts'

let app: TestApp
let people: People
before(async () => {
  app = await startApp({ ADDRESS_ATTEMPTS: '100000' })
  people = new People(app)
})
after(() => app.close())

function atOnce<Result>(count: number, work: (index: number) => Promise<Result>): Promise<Result[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => work(index)))
}

function countOf(answers: readonly Answer[], status: number): number {
  return answers.filter((answer) => answer.status === status).length
}

function outcomesOf(events: readonly { outcome: string }[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { outcome } of events) counts[outcome] = (counts[outcome] ?? 0) + 1
  return counts
}

/** Browsers of one enrolled user, all at the MFA prompt. */
async function halfway(count: number): Promise<{ email: string; browsers: Browser[] }> {
  const { id, email } = await people.add('Harbour Group', ['tech-operator'])
  const secret = await people.enrol(id)
  const browsers = await atOnce(count, async () => {
    const browser = app.browser()
    browser.secret = secret
    await browser.signInWithPassword(email)
    return browser
  })
  return { email, browsers }
}

/** Spends attempts like a process that dies before it has checked the secret. */
async function dieWhileChecking(email: string, kind: 'password' | 'code', count: number): Promise<void> {
  const person = await app.userNamed(email)
  const key = { subject: person.id, kind }
  for (let i = 0; i < count; i += 1) {
    const known = await readLockout(app.deps.db, key)
    assert.equal((await spendAttempt(app.deps, { key, known, person })).answer, 'spent')
  }
}

describe('simultaneous passwords', () => {
  test('eight sign-ins at once with the right password all succeed, in each of five rounds', async () => {
    for (let round = 0; round < 5; round += 1) {
      const answers = await atOnce(8, () =>
        judged(() => app.browser().signInWithPassword('finance@harbour.example')),
      )

      for (const { status, location } of answers) assert.equal(location, '/', String(status))
    }
    assert.equal((await people.eventsOf('finance@harbour.example', 'lockout.started')).length, 0)
  })

  test('eight step-ups at once with the right password are all accepted', async () => {
    const browsers = await atOnce(8, async () => {
      const browser = app.browser()
      await browser.signInWithPassword('admin@meridian.example')
      return browser
    })
    app.clock.advance(11 * 60 * SECOND)

    const answers = await Promise.all(
      browsers.map((browser) =>
        judged(() =>
          browser.post('/account/sessions/end-others', { presence: 'demo-password-please-change' }),
        ),
      ),
    )

    assert.equal(countOf(answers, 303), 8)
  })

  test('a right password among wrong ones gives an attacker at most nine checks', async () => {
    const { email } = await people.add('Harbour Group', ['finance-manager'])

    const answers = await atOnce(40, (i) =>
      judged(() => app.browser().signInWithPassword(email, i === 20 ? undefined : `wrong password ${i}`)),
    )

    const right = answers[20]
    assert.ok(right?.location === '/' || right?.status === 429)
    const { failure = 0 } = outcomesOf(await people.eventsOf(email, 'sign-in.password'))
    assert.ok(failure <= 9, `${failure} were checked: four before the right one at most, and five after it`)
  })
})

describe('simultaneous codes', () => {
  test('one right code sent in 20 sessions at once signs in one of them and makes no lock', async () => {
    const { email, browsers } = await halfway(20)

    const answers = await Promise.all(browsers.map((browser) => judged(() => browser.verify())))

    assert.equal(answers.filter(({ location }) => location === '/').length, 1)
    assert.equal(countOf(answers, 429), 0)
    assert.equal((await people.eventsOf(email, 'lockout.started')).length, 0)
  })

  test('of 50 wrong codes at once exactly five are checked, and the right code is refused after them', async () => {
    const { email, browsers } = await halfway(10)

    const answers = await atOnce(50, (i) => {
      const browser = browsers[i % browsers.length]
      assert.ok(browser)
      return judged(() => browser.verify(browser.wrongCode()))
    })

    assert.deepEqual([countOf(answers, 401), countOf(answers, 429)], [5, 45])
    assert.equal(outcomesOf(await people.eventsOf(email, 'sign-in.code')).failure, 5)
    app.clock.advance(SECOND)
    const later = app.browser()
    later.secret = browsers[0]?.secret ?? null
    await later.signInWithPassword(email)
    assert.equal((await later.verify(later.nextCode())).status, 429)
  })
})

describe('attempts whose process died', () => {
  test('an attempt whose process died makes others try again for ten seconds, and counts nothing until then', async () => {
    const { email, id } = await people.add('Harbour Group', ['finance-manager'])
    await dieWhileChecking(email, 'password', 5)

    const meanwhile = await app.browser().signInWithPassword(email)

    assert.equal(meanwhile.status, 503)
    assert.ok(Number(meanwhile.headers.get('retry-after')) > 0)
    assert.match(meanwhile.body, /No attempt was counted/)
    const { consecutiveFailures } = await readLockout(app.deps.db, { subject: id, kind: 'password' })
    assert.equal(consecutiveFailures, 0)
  })

  test('four attempts whose process died count as failed after ten seconds and leave one attempt', async () => {
    const { email } = await people.add('Harbour Group', ['finance-manager'])
    await dieWhileChecking(email, 'password', 4)
    app.clock.advance(PENDING_LIFE_MS + SECOND)

    assert.equal((await app.browser().signInWithPassword(email, 'a wrong password')).status, 401)

    assert.equal((await app.browser().signInWithPassword(email)).status, 429)
  })

  test('a fifth attempt whose process died locks, is recorded and queues the end of the lock', async () => {
    const { email, id } = await people.add('Harbour Group', ['finance-manager'])
    await dieWhileChecking(email, 'password', 5)
    app.clock.advance(PENDING_LIFE_MS + SECOND)

    const answers = await atOnce(10, () => judged(() => app.browser().signInWithPassword(email)))

    assert.equal(countOf(answers, 429), 10)
    assert.equal((await people.eventsOf(email, 'lockout.started')).length, 1)
    const jobs = await app.deps.db.select().from(outbox).where(eq(outbox.job, 'end-lockout'))
    assert.equal(jobs.filter(({ payload }) => payload.subject === id).length, 1)
    const [lock] = await app.deps.db
      .select()
      .from(lockouts)
      .where(and(eq(lockouts.subject, id), eq(lockouts.kind, 'password')))
    assert.deepEqual(lock?.pendingAt, [])
  })

  test('a right password after three attempts whose process died signs in and clears the count', async () => {
    const { email, id } = await people.add('Harbour Group', ['finance-manager'])
    await dieWhileChecking(email, 'password', 3)
    app.clock.advance(PENDING_LIFE_MS + SECOND)

    assert.equal((await app.browser().signInWithPassword(email)).location, '/')

    const { consecutiveFailures, pendingAt } = await readLockout(app.deps.db, {
      subject: id,
      kind: 'password',
    })
    assert.deepEqual({ consecutiveFailures, pendingAt }, { consecutiveFailures: 0, pendingAt: [] })
  })
})

test('an attempt that is stored only after the time of its request is given back', async () => {
  const person = await app.userNamed('finance@harbour.example')
  const key = { subject: person.id, kind: 'password' as const }
  const known = await readLockout(app.deps.db, key)
  const deadline = new Deadline()
  let spent: Promise<void> | undefined

  await app.deps.sql.begin(async (holder) => {
    await holder`lock table lockouts in exclusive mode`
    spent = assert.rejects(withDeadline(deadline, () => spendAttempt(app.deps, { key, known, person })))
    await awaitWaiters(app.deps.sql)
    deadline.pass(new Error('too late'))
  })
  await spent
  await awaitWaiters(app.deps.sql, 0)

  const { version, pendingAt, consecutiveFailures } = await readLockout(app.deps.db, key)
  assert.equal(version, known.version + 2, 'stored, and given back')
  assert.deepEqual({ pendingAt, consecutiveFailures }, { pendingAt: [], consecutiveFailures: 0 })
})

test('six right passwords whose requests were given up cost no attempt', async () => {
  const slow = await startApp({ ANSWER_WITHIN: '1s' })
  try {
    const { id, email } = await slow.userNamed('finance@harbour.example')
    const count = () => readLockout(slow.deps.db, { subject: id, kind: 'password' })
    for (let i = 0; i < 6; i += 1)
      await slow.deps.sql.begin(async (holder) => {
        // The sign-in waits here for its audit row.
        await holder`lock table audit_events in exclusive mode`
        assert.equal((await slow.browser().signInWithPassword(email)).status, 503)
        // Until PostgreSQL has cancelled the statement that waits.
        await awaitWaiters(slow.deps.sql, 0)
      })

    await eventually('every attempt is settled', async () => (await count()).pendingAt.length === 0)
    assert.equal((await count()).consecutiveFailures, 0)
    const later = async () => (await slow.browser().signInWithPassword(email)).location === '/'
    await eventually('a sign-in that is not held up', later)
  } finally {
    await slow.close()
  }
})
