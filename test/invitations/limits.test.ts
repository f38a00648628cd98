// How many people an account may invite: so many an hour, and so many open at a time.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { and, desc, eq, gt } from 'drizzle-orm'
import { importInvitations } from '../../src/invitations/import-invitations.ts'
import { auditEvents } from '../../src/platform/db/schema/audit-events.ts'
import { invitations } from '../../src/platform/db/schema/links.ts'
import { outbox } from '../../src/platform/db/schema/outbox.ts'
import { HOUR, MINUTE, SECOND } from '../../src/platform/time/durations.ts'
import { startApp, type TestApp } from '../support/app.ts'
import { awaitWaiters } from '../support/await-waiters.ts'
import type { Answer, Browser } from '../support/browser.ts'
import { People } from '../support/people.ts'

const ADMIN = 'admin@harbour.example'
const DESK = 'desk@platform.example'
const EVIDENCE = { reason: 'A new department', ticket: 'SD-4711' }

/** An application with its people, of which a test may use everything up. */
class House {
  readonly app: TestApp
  readonly people: People
  readonly admin: Browser
  readonly desk: Browser
  readonly #openedAt: Date

  private constructor(app: TestApp) {
    this.app = app
    this.people = new People(app)
    this.admin = app.browser()
    this.desk = app.browser()
    // The one of the demo data does not count.
    this.#openedAt = app.clock.now()
  }

  static async open(perHour: number, openMax: number): Promise<House> {
    const house = new House(
      await startApp({ INVITATIONS_PER_HOUR: String(perHour), INVITATIONS_OPEN_MAX: String(openMax) }),
    )
    // The invitation of the demo data is older than an hour.
    house.app.clock.advance(HOUR)
    await house.admin.enrolAndSignIn(ADMIN)
    await house.desk.enrolAndSignIn(DESK)
    return house
  }

  invite(browser = this.admin, fields: Record<string, string> = {}): Promise<Answer> {
    return browser.post('/users', this.people.newcomer(fields))
  }

  async inviteMany(count: number): Promise<void> {
    for (let i = 0; i < count; i += 1) assert.equal((await this.invite()).status, 303)
  }

  /** Both administrators are present anew. */
  async later(ms: number): Promise<void> {
    this.app.clock.advance(ms)
    for (const [browser, email] of [
      [this.admin, ADMIN],
      [this.desk, DESK],
    ] as const) {
      await browser.post('/sign-out')
      await browser.signIn(email)
    }
  }

  async deskInvites(account: string): Promise<Answer> {
    return this.invite(this.desk, { ...EVIDENCE, clientId: await this.people.clientId(account) })
  }

  async sentBy(account: string): Promise<number> {
    const { db } = this.app.deps
    const ofAccount = eq(invitations.clientId, await this.people.clientId(account))
    return db.$count(invitations, and(ofAccount, gt(invitations.createdAt, this.#openedAt)))
  }

  /** Confirms a file of so many people. Returns the path of its page. */
  async importPeople(count: number): Promise<{ path: string; preview: Answer }> {
    const lines = Array.from(
      { length: count },
      (_, i) => `file${count}.${i}@test.example,Person ${i},tech-operator`,
    )
    const { location } = await this.admin.request('POST', '/users/import', {
      headers: { 'sec-fetch-site': 'same-origin', 'content-type': 'multipart/form-data; boundary=x' },
      body: `--x\r\nContent-Disposition: form-data; name="lines"\r\n\r\nemail,name,roleGroups\n${lines.join('\n')}\r\n--x--\r\n`,
    })
    const path = location ?? ''
    const preview = await this.admin.get(path)
    assert.equal((await this.admin.post(path)).status, 303)
    return { path, preview }
  }

  /** Runs the jobs of an import that are due. Returns when the next one is; null if it is finished. */
  async work(path: string): Promise<Date | null> {
    const { db, clock } = this.app.deps
    for (;;) {
      const [row] = await db.select().from(outbox).where(eq(outbox.job, 'import-invitations')).limit(1)
      if (!row) return null
      if (row.dueAt && row.dueAt > clock.now()) return row.dueAt
      await db.transaction(async (tx) => {
        await importInvitations(this.app.deps, tx, path.split('/').at(-1) ?? '')
        await tx.delete(outbox).where(eq(outbox.id, row.id))
      })
    }
  }

  async lastRefusal(): Promise<unknown> {
    const [event] = await this.app.deps.db
      .select()
      .from(auditEvents)
      .where(and(eq(auditEvents.outcome, 'refused')))
      .orderBy(desc(auditEvents.id))
      .limit(1)
    return event?.details.refusal
  }
}

describe('the hourly limit of ten invitations', () => {
  let house: House
  beforeEach(async () => {
    house = await House.open(10, 1_000)
  })
  const close = () => house.app.close()

  test('the eleventh invitation is refused until an hour after the first, and that is recorded', async () => {
    const first = house.app.clock.now().getTime()
    await house.inviteMany(4)
    await house.later(9 * MINUTE)
    await house.inviteMany(6)

    const refused = await house.invite()

    assert.equal(refused.status, 429)
    const left = first + HOUR - house.app.clock.now().getTime()
    assert.equal(Number(refused.headers.get('retry-after')), left / SECOND)
    assert.match(refused.body, /as many invitations as it may within an hour\. Try again in 5\d minutes\./)
    assert.equal(await house.lastRefusal(), 'invitations-within-hour')
    assert.equal(await house.sentBy('Harbour Group'), 10)
    await house.later(left)
    await house.inviteMany(4)
    assert.equal((await house.invite()).status, 429)
    await close()
  })

  test('of fourteen invitations at once by an Admin and an agent ten are sent', async () => {
    const both = () => [house.invite(), house.deskInvites('Harbour Group')]

    const answers = await Promise.all(Array.from({ length: 7 }, both).flat())

    assert.equal(answers.filter(({ status }) => status === 303).length, 10)
    assert.equal(answers.filter(({ status }) => status === 429).length, 4)
    assert.equal(await house.sentBy('Harbour Group'), 10)
    await close()
  })

  test('the Service Desk is bound by the same limit of the account', async () => {
    await house.inviteMany(9)
    assert.equal((await house.deskInvites('Harbour Group')).status, 303)

    assert.equal((await house.deskInvites('Harbour Group')).status, 429)

    assert.equal((await house.deskInvites('Meridian Foods')).status, 303)
    await close()
  })

  test('an invitation that is sent again counts towards the limit', async () => {
    await house.inviteMany(9)
    const { id } = await house.app.userNamed('new1@harbour.example')
    assert.equal((await house.admin.post(`/users/${id}/invitation`)).status, 303)

    assert.equal((await house.invite()).status, 429)
    const again = await house.admin.post(`/users/${id}/invitation`)
    assert.equal(again.status, 429)
    assert.ok(Number(again.headers.get('retry-after')) > 0)
    await close()
  })

  test('a file goes on by itself with nine an hour, says so, and leaves room for one person', async () => {
    const { path, preview } = await house.importPeople(25)
    assert.match(preview.body, /At most 9 people of a file are invited within an hour/)
    assert.match(preview.body, /which takes 2 hours or more/)

    const next = await house.work(path)

    assert.equal(await house.sentBy('Harbour Group'), 9)
    assert.equal(next?.getTime(), house.app.clock.now().getTime() + HOUR)
    const page = (await house.admin.get(path)).body
    assert.match(page, /Inviting: 9 of 25 lines are done/)
    assert.match(
      page,
      /data-paused="invitations-within-hour">\s*9 invitations were sent within an hour\. It goes on by itself at/,
    )
    assert.equal((await house.invite()).status, 303)
    assert.equal((await house.invite()).status, 429)
    for (const sent of [19, 26]) {
      await house.later(HOUR)
      await house.work(path)
      assert.equal(await house.sentBy('Harbour Group'), sent)
    }
    assert.match((await house.admin.get(path)).body, /25 of 25 people were invited/)
    await close()
  })

  test('a file within the limits does not mention them', async () => {
    const { path, preview } = await house.importPeople(9)

    assert.doesNotMatch(preview.body, /data-limits/)
    assert.equal(await house.work(path), null)
    assert.match((await house.admin.get(path)).body, /9 of 9 people were invited/)
    await close()
  })
})

describe('the limit of ten open invitations', () => {
  let house: House
  before(async () => {
    // The demo data have one open already.
    house = await House.open(1_000, 11)
  })
  after(() => house.app.close())

  test('the next invitation is refused until one is withdrawn', async () => {
    await house.inviteMany(10)

    const refused = await house.invite()

    assert.equal(refused.status, 409)
    assert.match(refused.body, /as many open invitations as it may have\. Withdraw some/)
    assert.equal(await house.lastRefusal(), 'invitations-open')
    const { id } = await house.app.userNamed('new1@harbour.example')
    assert.equal((await house.admin.post(`/users/${id}/invitation`)).status, 303, 'sent again')
    assert.equal((await house.admin.post(`/users/${id}/invitation/withdraw`)).status, 303)
    assert.equal((await house.invite()).status, 303)
    assert.equal((await house.invite()).status, 409)
  })

  test('a file waits until open invitations are accepted, withdrawn or expired, and says so', async () => {
    const { path } = await house.importPeople(3)

    const next = await house.work(path)

    assert.ok(next)
    assert.match(
      (await house.admin.get(path)).body,
      /data-paused="invitations-open">\s*9 invitations of this account are open/,
    )
    await house.later(8 * 24 * HOUR)
    assert.equal(await house.work(path), null)
    assert.match((await house.admin.get(path)).body, /3 of 3 people were invited/)
  })
})

test('an invitation that waited for the allowance of its account is recorded with the time after the wait', async () => {
  const house = await House.open(10, 100)
  try {
    const { db, sql } = house.app.deps
    assert.equal((await house.invite()).status, 303)
    const [invited] = await db.select().from(invitations).orderBy(desc(invitations.id)).limit(1)
    assert.ok(invited)
    const before = house.app.clock.now()

    const sent = await sql.begin(async (holder) => {
      await holder`
        select pg_advisory_xact_lock(hashtextextended(${`invitations of ${invited.clientId}`}, 0))`
      const answer = house.admin.post(`/users/${invited.userId}/invitation`)
      await awaitWaiters(sql)
      house.app.clock.advance(SECOND)
      return { answer }
    })

    assert.equal((await sent.answer).status, 303)
    const resent = await db.select().from(auditEvents).where(eq(auditEvents.action, 'invitation.resent'))
    assert.deepEqual(
      resent.map(({ at }) => at.getTime()),
      [before.getTime() + SECOND],
    )
  } finally {
    await house.app.close()
  }
})
