// Failed attempts that are told by mail: to the user, and to those who help them.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { and, eq, isNull } from 'drizzle-orm'
import { BY_THE_PRODUCT, record } from '../../src/platform/audit/record.ts'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import { outbox } from '../../src/platform/db/schema/outbox.ts'
import type { NotificationKind } from '../../src/platform/mail/kinds.ts'
import type { AddressedMail } from '../../src/platform/mail/mailer.ts'
import { DAY, HOUR, MINUTE } from '../../src/platform/time/durations.ts'
import { warnOfFailures } from '../../src/users/warn-of-failures.ts'
import { warnOfLocks } from '../../src/users/warn-of-locks.ts'
import { warnOfAbandonedSignInJob } from '../../workers/warn-of-abandoned-sign-in.ts'
import { warnOfLocksJob } from '../../workers/warn-of-locks.ts'
import { startApp, type TestApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'
import { People } from '../support/people.ts'
import { sentMail } from '../support/sent-mail.ts'

const ADMIN = 'admin@harbour.example'
const ADMIN2 = 'admin2@harbour.example'
const RETAIL_ADMIN = 'admin@retail.harbour.example'
const DESK = 'desk@platform.example'

let app: TestApp
let people: People
const mailer = { send: async () => {}, close: () => {} }
before(async () => {
  app = await startApp({ ADDRESS_ATTEMPTS: '100000' })
  people = new People(app)
})
after(() => app.close())

async function mailsTo(email: string, kind: NotificationKind) {
  const { id } = await app.userNamed(email)
  return app.deps.db
    .select()
    .from(notifications)
    .where(and(eq(notifications.recipientId, id), eq(notifications.kind, kind)))
}

async function lastMailTo(email: string, kind: NotificationKind): Promise<AddressedMail> {
  const sent = await sentMail(app, (await app.userNamed(email)).id, kind)
  assert.ok(sent)
  return sent
}

const JOBS = {
  'warn-of-abandoned-sign-in': warnOfAbandonedSignInJob,
  'warn-of-locks': warnOfLocksJob,
} as const

/** Runs every waiting job of a name, twice at once, whatever its due time: the job itself compares the time. */
async function runJobs(name: keyof typeof JOBS): Promise<void> {
  const { db } = app.deps
  const open = await db
    .select()
    .from(outbox)
    .where(and(eq(outbox.job, name), isNull(outbox.doneAt)))
  for (const { payload } of open) {
    const { eventId } = payload as { eventId: string }
    const run = () => db.transaction((tx) => JOBS[name]({ eventId }, tx, { ...app.deps, mailer }))
    await Promise.all([run(), run()])
  }
}

describe('wrong codes after a right password', () => {
  async function enrolled() {
    const { id, email } = await people.add('Harbour Group', ['tech-operator'])
    const secret = await people.enrol(id)
    const newBrowser = () => Object.assign(app.browser(), { secret })
    return { email, newBrowser }
  }

  const enterWrongCode = async (browser: Browser) =>
    assert.equal((await browser.verify(browser.wrongCode())).status, 401)

  test('a single mistyped code before the right one sends no mail', async () => {
    const { email, newBrowser } = await enrolled()
    const browser = newBrowser()
    await browser.signInWithPassword(email)
    await enterWrongCode(browser)
    assert.equal((await browser.verify(browser.nextCode())).location, '/')

    app.clock.advance(HOUR)
    await runJobs('warn-of-abandoned-sign-in')

    assert.deepEqual(await mailsTo(email, 'code-failed'), [])
  })

  test('a sign-in abandoned after one wrong code is told 15 minutes later, also if the user signed in elsewhere meanwhile', async () => {
    const { email, newBrowser } = await enrolled()
    const [attacker, owner] = [newBrowser(), newBrowser()]
    await attacker.signInWithPassword(email)
    await enterWrongCode(attacker)
    assert.equal((await owner.signIn(email)).location, '/')

    app.clock.advance(14 * MINUTE)
    await runJobs('warn-of-abandoned-sign-in')
    assert.deepEqual(await mailsTo(email, 'code-failed'), [])
    app.clock.advance(MINUTE)
    await runJobs('warn-of-abandoned-sign-in')
    await runJobs('warn-of-abandoned-sign-in')

    assert.equal((await mailsTo(email, 'code-failed')).length, 1)
    const { subject, text } = await lastMailTo(email, 'code-failed')
    assert.equal(subject, 'Your password was used with a wrong code')
    assert.match(text, /and then a wrong code\. The sign-in went no further\./)
  })

  test('a second wrong code in a row is told at once, also in another sign-in, and once an hour', async () => {
    const { email, newBrowser } = await enrolled()
    const [first, second] = [newBrowser(), newBrowser()]
    await first.signInWithPassword(email)
    await enterWrongCode(first)
    assert.deepEqual(await mailsTo(email, 'code-failed'), [])

    await second.signInWithPassword(email)
    await enterWrongCode(second)
    assert.equal((await mailsTo(email, 'code-failed')).length, 1)
    await enterWrongCode(second)
    app.clock.advance(20 * MINUTE)
    await runJobs('warn-of-abandoned-sign-in')

    assert.equal((await mailsTo(email, 'code-failed')).length, 1)
    assert.match((await lastMailTo(email, 'code-failed')).text, /and then wrong codes, more than once\./)

    app.clock.advance(HOUR)
    const third = newBrowser()
    await third.signInWithPassword(email)
    await enterWrongCode(third)
    assert.equal((await mailsTo(email, 'code-failed')).length, 2)
  })

  test('the second wrong code of one sign-in is told at once, although the user signed in elsewhere in between', async () => {
    const { email, newBrowser } = await enrolled()
    const [attacker, owner] = [newBrowser(), newBrowser()]
    await attacker.signInWithPassword(email)
    await enterWrongCode(attacker)
    await owner.signIn(email)
    await enterWrongCode(attacker)

    assert.equal((await mailsTo(email, 'code-failed')).length, 1)
  })
})

describe('repeated locks', () => {
  /** Five wrong passwords, and the time of the lock. */
  async function lock(email: string): Promise<void> {
    const browser = app.browser()
    for (let i = 0; i < 5; i += 1) await browser.signInWithPassword(email, 'not the password at all')
    await runJobs('warn-of-locks')
    app.clock.advance(HOUR)
  }

  test('the third lock of a person within 24 hours is mailed to the Admins of the account, once a day', async () => {
    const { email, name } = await people.add('Harbour Group', ['tech-operator'])
    await lock(email)
    await lock(email)
    assert.deepEqual(await mailsTo(ADMIN, 'locked-repeatedly'), [])

    await lock(email)
    await lock(email)

    for (const to of [ADMIN, ADMIN2]) assert.equal((await mailsTo(to, 'locked-repeatedly')).length, 1, to)
    for (const to of [DESK, RETAIL_ADMIN, email])
      assert.deepEqual(await mailsTo(to, 'locked-repeatedly'), [], to)
    assert.equal((await people.eventsOf(email, 'lockout.repeated')).length, 1)
    const { subject, text } = await lastMailTo(ADMIN, 'locked-repeatedly')
    assert.equal(subject, `${name} was locked 3 times within 24 hours`)
    assert.match(text, /Ask\s+whether the attempts were theirs/)
    assert.match(text, new RegExp(`${app.origin}/users/[0-9a-f-]{36}`))

    app.clock.advance(DAY)
    for (let i = 0; i < 3; i += 1) await lock(email)
    assert.equal((await mailsTo(ADMIN, 'locked-repeatedly')).length, 2)
  })

  test('the repeated locks of an Admin are mailed to the Service Desk, not to the other Admins', async () => {
    const before = (await mailsTo(ADMIN2, 'locked-repeatedly')).length

    for (let i = 0; i < 3; i += 1) await lock(ADMIN)

    assert.equal((await mailsTo(DESK, 'locked-repeatedly')).length, 1)
    assert.equal((await mailsTo(ADMIN2, 'locked-repeatedly')).length, before)
  })

  test('beyond ten people of an account on one day no further mail is sent', async () => {
    for (let i = 0; i < 11; i += 1) {
      const { id, clientId } = await people.add('Meridian Foods', ['tech-operator'])
      await app.deps.db.transaction(async (tx) => {
        const lock = { ...BY_THE_PRODUCT, action: 'lockout.started', outcome: 'success' } as const
        const eventId = await record(tx, { ...lock, at: app.clock.now(), clientId, subjectId: id })
        await warnOfLocks(tx, eventId, app.clock.now())
      })
    }

    assert.equal((await mailsTo('admin@meridian.example', 'locked-repeatedly')).length, 10)
  })
})

describe('a burst of failures over an account', () => {
  const fail = (email: string) => app.browser().signInWithPassword(email, 'not the password at all')
  const warn = () => {
    const run = () => warnOfFailures(app.deps.db, app.clock.now())
    return Promise.all([run(), run()])
  }
  async function addPeople(account: string, count: number) {
    const added: Awaited<ReturnType<People['add']>>[] = []
    while (added.length < count) added.push(await people.add(account, ['tech-operator']))
    return added
  }

  test('five people who fail within an hour and do not succeed are mailed to the Admins, once a day', async () => {
    const failing = await addPeople('Harbour Retail', 6)
    for (const { email } of failing.slice(0, 5)) await fail(email)
    const [first] = failing
    await app.browser().signInWithPassword(first?.email ?? '')
    await warn()
    assert.deepEqual(await mailsTo(RETAIL_ADMIN, 'many-failures'), [], 'one of the five succeeded')

    await fail(failing[5]?.email ?? '')
    await warn()
    await warn()

    assert.equal((await mailsTo(RETAIL_ADMIN, 'many-failures')).length, 1)
    for (const to of [ADMIN, DESK]) assert.deepEqual(await mailsTo(to, 'many-failures'), [], to)
    const { subject, text } = await lastMailTo(RETAIL_ADMIN, 'many-failures')
    assert.equal(subject, 'Many people of Harbour Retail fail to sign in')
    assert.match(text, /5 people of Harbour Retail/)
    assert.match(text, /What to check/)

    app.clock.advance(DAY)
    for (const { email } of failing.slice(1)) await fail(email)
    await warn()
    assert.equal((await mailsTo(RETAIL_ADMIN, 'many-failures')).length, 2)
  })

  test('failures spread over more than an hour are no burst', async () => {
    const failing = await addPeople('Harbour Online', 5)
    for (const { email } of failing) {
      await fail(email)
      app.clock.advance(20 * MINUTE)
    }

    await warn()

    assert.deepEqual(await mailsTo('admin@online.harbour.example', 'many-failures'), [])
  })

  test('the Service Desk is mailed too if an Admin is among the people', async () => {
    const others = await addPeople('Harbour Online', 4)
    for (const email of [...others.map(({ email }) => email), 'admin@online.harbour.example'])
      await fail(email)

    await warn()

    for (const to of ['admin@online.harbour.example', DESK])
      assert.equal((await mailsTo(to, 'many-failures')).length, 1, to)
  })
})
