// Two web processes that share only the database, as in production. They use the real clock.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { and, eq } from 'drizzle-orm'
import { authenticators } from '../../src/platform/db/schema/authenticators.ts'
import { lockouts } from '../../src/platform/db/schema/lockouts.ts'
import { mfaResets } from '../../src/platform/db/schema/mfa-resets.ts'
import { mfaPolicies, roleGroups } from '../../src/platform/db/schema/role-groups.ts'
import { anyFreePort } from '../../src/start/free-port.ts'
import { startApp, type TestApp } from '../support/app.ts'
import { type Answer, Browser } from '../support/browser.ts'
import { ADMIN, ADMIN2 } from '../support/cast.ts'
import { judged } from '../support/judged.ts'
import { People } from '../support/people.ts'
import type { TestProcess } from '../support/processes.ts'
import { startWebProcesses } from '../support/web-processes.ts'

const ROUNDS = 20
const LOCKOUT_ATTEMPTS = 5
/** Sent to each of the two processes: one more in all than a lock allows. */
const GUESSES = 3
const WRONG_PASSWORD = 'not the password at all'

const REAL_CLOCK = {
  now: () => new Date(),
  advance: () => assert.fail('the real clock cannot be moved'),
}

/** Prepares and reads the database. Its own web server takes no part. */
let app: TestApp
let people: People
let webs: TestProcess[]
let origins: [string, string]

before(async () => {
  app = await startApp()
  people = new People(app)
  const ports = [await anyFreePort(), await anyFreePort()] as const
  origins = [`http://127.0.0.1:${ports[0]}`, `http://127.0.0.1:${ports[1]}`]
  const started = startWebProcesses(app, origins[0], ports)
  webs = started
  await Promise.all(started.map(({ ready }) => ready))
})
after(async () => {
  for (const web of webs ?? []) web.kill('SIGKILL')
  await app?.close()
})

/** Every second round swaps the processes. */
function placesIn(round: number): { here: string; there: string } {
  const [one, other] = origins
  return round % 2 === 0 ? { here: one, there: other } : { here: other, there: one }
}

/** A new browser that reaches the process at `origin`. */
function browserAt(origin: string, secret: Buffer | null = null): Browser {
  return Object.assign(new Browser(origin, REAL_CLOCK), { secret })
}

/** The same browser, with the same cookies, when the proxy sends it to another process. */
function sentTo(origin: string, browser: Browser): Browser {
  const same = browserAt(origin, browser.secret)
  for (const [name, value] of browser.cookies) same.cookies.set(name, value)
  return same
}

/** A new user whose role group does not require MFA, signed in at `origin`. */
async function signedIn(origin: string): Promise<{ id: string; email: string; browser: Browser }> {
  const { id, email } = await people.add('Harbour Group', ['finance-operator'])
  const browser = browserAt(origin)
  assert.equal((await browser.signInWithPassword(email)).location, '/')
  return { id, email, browser }
}

/** A new user with an active authenticator, half-way signed in at each of `at`. */
async function atVerify(at: readonly string[]): Promise<{ id: string; email: string; browsers: Browser[] }> {
  const { id, email } = await people.add('Harbour Group', ['tech-operator'])
  const secret = await people.enrol(id)
  const browsers = at.map((origin) => browserAt(origin, secret))
  for (const browser of browsers)
    assert.equal((await browser.signInWithPassword(email)).location, '/mfa/verify')
  return { id, email, browsers }
}

async function signedInAdmin(email: string, origin: string): Promise<Browser> {
  const secret = await people.enrol((await app.userNamed(email)).id)
  const browser = browserAt(origin, secret)
  assert.equal((await browser.signInWithPassword(email)).location, '/mfa/verify')
  assert.equal((await browser.verify()).location, '/')
  return browser
}

async function eventsOf(userId: string, action: Parameters<People['eventsOf']>[1], outcome = 'success') {
  return (await people.eventsOf(userId, action)).filter((event) => event.outcome === outcome)
}

/** How many attempts of a kind reached the counter in the database, and how many locks they made. */
async function counted(userId: string, kind: 'password' | 'code') {
  const [row] = await app.deps.db
    .select({ failures: lockouts.consecutiveFailures, locks: lockouts.repeats })
    .from(lockouts)
    .where(and(eq(lockouts.subject, userId), eq(lockouts.kind, kind)))
  return row
}

function statusesOf(answers: readonly Answer[]): Record<string, number> {
  const statuses: Record<string, number> = {}
  for (const { status } of answers) statuses[status] = (statuses[status] ?? 0) + 1
  return statuses
}

/** Five are checked. The others wait for them and are refused by the lock. */
function assertTurnedAway(answers: readonly Answer[], round: number): void {
  const turnedAway = 2 * GUESSES - LOCKOUT_ATTEMPTS
  assert.deepEqual(statusesOf(answers), { 401: LOCKOUT_ATTEMPTS, 429: turnedAway }, `round ${round}`)
}

test('the same code sent to two processes at once is accepted once, in each of 20 rounds', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const { here, there } = placesIn(round)
    const { id, browsers } = await atVerify([here, there])
    const code = browsers[0]?.code()

    const answers = await Promise.all(browsers.map((browser) => browser.verify(code)))

    assert.deepEqual(statusesOf(answers), { 303: 1, 401: 1 }, `round ${round}`)
    assert.equal((await eventsOf(id, 'sign-in.completed')).length, 1, `round ${round}`)
    const [left] = browsers.filter((_, i) => answers[i]?.status === 401)
    assert.ok(left)
    assert.equal((await left.get('/')).location, '/mfa/verify', `round ${round}`)
    assert.equal((await left.verify(code)).status, 401, 'nor is it accepted later')
  }
})

test('of wrong passwords sent to two processes at once exactly five are checked, in each of 20 rounds', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const { here, there } = placesIn(round)
    const { id, email } = await people.add('Harbour Group', ['finance-operator'])
    const guess = (origin: string) =>
      judged(() => browserAt(origin).signInWithPassword(email, WRONG_PASSWORD))

    const answers = await Promise.all(
      Array.from({ length: GUESSES }, () => [guess(here), guess(there)]).flat(),
    )

    assertTurnedAway(answers, round)
    assert.deepEqual(await counted(id, 'password'), { failures: LOCKOUT_ATTEMPTS, locks: 1 })
    assert.equal((await eventsOf(id, 'sign-in.password', 'failure')).length, LOCKOUT_ATTEMPTS)
    assert.equal((await people.eventsOf(id, 'lockout.started')).length, 1)
    for (const origin of origins)
      assert.equal(
        (await browserAt(origin).signInWithPassword(email)).status,
        429,
        'the right one is refused',
      )
  }
})

test('six right passwords sent to two processes at once all sign in and make no lock, in each of 20 rounds', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const { here, there } = placesIn(round)
    const { id, email } = await people.add('Harbour Group', ['finance-operator'])
    const signIn = (origin: string) => judged(() => browserAt(origin).signInWithPassword(email))

    const answers = await Promise.all(
      Array.from({ length: GUESSES }, () => [signIn(here), signIn(there)]).flat(),
    )

    assert.deepEqual(statusesOf(answers), { 303: 2 * GUESSES }, `round ${round}`)
    assert.deepEqual(await counted(id, 'password'), { failures: 0, locks: 0 })
  }
})

test('of wrong codes sent to two processes at once exactly five are checked, in each of 20 rounds', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const { here, there } = placesIn(round)
    const { id, browsers } = await atVerify([here, there])
    const guess = (browser: Browser) => judged(() => browser.verify(browser.wrongCode()))

    const answers = await Promise.all(Array.from({ length: GUESSES }, () => browsers.map(guess)).flat())

    assertTurnedAway(answers, round)
    assert.deepEqual(await counted(id, 'code'), { failures: LOCKOUT_ATTEMPTS, locks: 1 })
    assert.equal((await eventsOf(id, 'sign-in.code', 'failure')).length, LOCKOUT_ATTEMPTS)
    assert.equal((await people.eventsOf(id, 'lockout.started')).length, 1)
    for (const browser of browsers)
      assert.equal((await browser.verify()).status, 429, 'the right one is refused')
  }
})

test('a first enrolment confirmed through two processes at once becomes active once, in each of 20 rounds', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const { here, there } = placesIn(round)
    const { id, email } = await people.add('Harbour Group', ['tech-operator'])
    const browser = browserAt(here)
    assert.equal((await browser.signInWithPassword(email)).location, '/mfa/enrol')
    await browser.scanKey()
    const both = [browser, sentTo(there, browser)]
    const code = browser.code()

    const answers = await Promise.all(both.map((each) => each.post('/mfa/enrol', { code })))

    const confirmed = both.filter((_, i) => answers[i]?.location === '/mfa/verify')
    assert.deepEqual(statusesOf(answers), { 303: 2 }, `round ${round}: neither is an error`)
    assert.equal(confirmed.length, 1, `round ${round}`)
    const active = and(eq(authenticators.userId, id), eq(authenticators.status, 'active'))
    assert.equal(await app.deps.db.$count(authenticators, active), 1, `round ${round}`)
    assert.equal((await eventsOf(id, 'authenticator.enrolled')).length, 1, `round ${round}`)
    assert.equal((await confirmed[0]?.verify(code))?.status, 401, 'the code was spent')
  }
})

describe('two Admins, one signed in at each process', () => {
  let admins: [Browser, Browser]
  before(async () => {
    const [one, other] = origins
    admins = [await signedInAdmin(ADMIN, one), await signedInAdmin(ADMIN2, other)]
  })

  /** An Admin's browser, when the proxy sends it to the process at `origin`. */
  const adminAt = (origin: string) => sentTo(origin, admins[0])

  test('two Admins who reset one user through two processes at once make one reset, in each of 20 rounds', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const { id, email } = await people.add('Harbour Group', ['tech-operator'])
      await people.enrol(id)
      const reset = (admin: Browser) => admin.post(`/users/${id}/mfa-reset`, { reason: 'Phone lost' })
      const inTurn = round % 2 === 0 ? admins : admins.toReversed()

      const answers = await Promise.all(inTurn.map(reset))

      assert.deepEqual(statusesOf(answers), { 303: 1, 409: 1 }, `round ${round}`)
      assert.equal(await app.deps.db.$count(mfaResets, eq(mfaResets.userId, id)), 1, email)
      assert.equal((await eventsOf(id, 'mfa-reset.requested')).length, 1)
    }
  })

  /**
   * Ends or holds a session while the other process answers a request of it; the next request of it is sent to
   * `location`.
   */
  async function assertRefusedNext(
    round: number,
    {
      there,
      user,
      end,
      location,
    }: { there: string; user: Browser; end: () => Promise<Answer>; location: string },
  ): Promise<void> {
    const elsewhere = sentTo(there, user)
    assert.equal((await elsewhere.get('/')).status, 200, `round ${round}: it is open at the other`)

    const [ended] = await Promise.all([end(), elsewhere.get('/'), elsewhere.get('/account')])

    assert.equal(ended.status, 303, `round ${round}`)
    assert.equal((await elsewhere.get('/')).location, location, `round ${round}`)
  }

  test('a session signed out through one process is refused by the other at its next request, in each of 20 rounds', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const { here, there } = placesIn(round)
      const { browser: user } = await signedIn(here)
      const end = () => user.post('/sign-out')

      await assertRefusedNext(round, { there, user: sentTo(here, user), end, location: '/sign-in' })
    }
  })

  test('a session ended from another session is refused by the other process at its next request, in each of 20 rounds', async () => {
    const { email, browser: own } = await signedIn(origins[0])
    for (let round = 0; round < ROUNDS; round += 1) {
      const { here, there } = placesIn(round)
      const user = browserAt(there)
      await user.signInWithPassword(email)
      const ending = sentTo(here, own)
      const page = (await ending.get('/account')).body
      const handles = [...page.matchAll(/action="\/account\/sessions\/([^/"]+)\/end"/g)].map(
        ([, handle]) => handle,
      )
      assert.equal(handles.length, 2, 'this session first, then the other')
      const end = () => ending.post(`/account/sessions/${handles[1]}/end`)

      await assertRefusedNext(round, { there, user, end, location: '/sign-in' })
      assert.equal((await sentTo(there, own).get('/')).status, 200, 'the session that ended it goes on')
    }
  })

  test('a session of a user disabled through one process is refused by the other at its next request, in each of 20 rounds', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const { here, there } = placesIn(round)
      const { id, browser: user } = await signedIn(here)
      const end = () => adminAt(here).post(`/users/${id}/disable`, { reason: 'Left the company' })

      await assertRefusedNext(round, { there, user, end, location: '/sign-in' })
    }
  })

  test('a session of a user whose MFA was reset through one process is refused by the other at its next request, in each of 20 rounds', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const { here, there } = placesIn(round)
      const { id, browsers } = await atVerify([here])
      const [user] = browsers
      assert.ok(user)
      assert.equal((await user.verify()).location, '/')
      const end = () => adminAt(here).post(`/users/${id}/mfa-reset`, { reason: 'Phone lost' })

      await assertRefusedNext(round, { there, user, end, location: '/sign-in' })
    }
  })

  test('a policy changed through one process holds sessions at the other at their next request, in each of 20 rounds', async () => {
    const { db } = app.deps
    const [group] = await db.select().from(roleGroups).where(eq(roleGroups.key, 'finance-operator'))
    assert.ok(group)
    const requiresMfaOfGroup = and(
      eq(mfaPolicies.clientId, await people.clientId('Harbour Group')),
      eq(mfaPolicies.roleGroupId, group.id),
    )
    const { browser: user } = await signedIn(origins[0])
    for (let round = 0; round < ROUNDS; round += 1) {
      const { here, there } = placesIn(round)
      const policy = ['admin', 'tech-operator', 'finance-operator']
      const end = () =>
        adminAt(here).post(
          '/mfa-policy',
          policy.map((key) => ['roleGroups', key]),
        )

      await assertRefusedNext(round, { there, user, end, location: '/mfa/enrol' })
      await db.delete(mfaPolicies).where(requiresMfaOfGroup)
    }
  })
})
