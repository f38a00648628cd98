// Someone who can write to the database, but has no key, gives one user the authenticator of another.
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { eq } from 'drizzle-orm'
import { auditEvents } from '../../../src/platform/db/schema/audit-events.ts'
import { authenticators } from '../../../src/platform/db/schema/authenticators.ts'
import { startApp, type TestApp } from '../../support/app.ts'
import type { Browser } from '../../support/browser.ts'
import { People } from '../../support/people.ts'

type Row = typeof authenticators.$inferSelect

let app: TestApp
let people: People
before(async () => {
  app = await startApp({ ADDRESS_ATTEMPTS: '100000' })
  people = new People(app)
})
after(() => app.close())

const { id, userId } = authenticators
const rowOf = async (owner: string): Promise<Row> => {
  const [row] = await app.deps.db.select().from(authenticators).where(eq(userId, owner))
  assert.ok(row)
  return row
}
const change = (row: Row, values: Partial<Row>) =>
  app.deps.db.update(authenticators).set(values).where(eq(id, row.id))

/** Each of them reads only the codes of the own phone. */
async function enrolled() {
  const user = await people.add('Harbour Group', ['tech-operator'])
  const browser = app.browser()
  browser.secret = await people.enrol(user.id)
  assert.equal((await browser.signInWithPassword(user.email)).location, '/mfa/verify')
  return { ...user, browser, row: await rowOf(user.id) }
}

type Enrolled = Awaited<ReturnType<typeof enrolled>>

let victim: Enrolled
let thief: Enrolled
beforeEach(async () => {
  victim = await enrolled()
  thief = await enrolled()
})

/** Neither phone opens the account, the answer is 503, and no session opens without a code. */
async function failsClosed(browser: Browser): Promise<void> {
  for (const code of [victim.browser.code(), thief.browser.code()]) {
    const answer = await browser.verify(code)
    assert.equal(answer.status, 503)
    assert.ok(!answer.body.includes(code))
  }
  for (const path of ['/', '/account', '/mfa/enrol'])
    assert.equal((await browser.get(path)).location, '/mfa/verify', path)
}

async function completedSignIns(): Promise<number> {
  return app.deps.db.$count(auditEvents, eq(auditEvents.action, 'sign-in.completed'))
}

describe('a sealed secret opens for its own user only', () => {
  let signIns = 0
  beforeEach(async () => {
    signIns = await completedSignIns()
  })
  afterEach(async () => {
    assert.equal(await completedSignIns(), signIns + 2, 'each of the two, with the own phone, at the end')
  })

  test('a secret swapped between two users is 503 for both, with either phone, until it is put back', async () => {
    await change(victim.row, { sealedSecret: thief.row.sealedSecret })
    await change(thief.row, { sealedSecret: victim.row.sealedSecret })

    await failsClosed(victim.browser)
    await failsClosed(thief.browser)

    await change(victim.row, { sealedSecret: victim.row.sealedSecret })
    await change(thief.row, { sealedSecret: thief.row.sealedSecret })
    for (const { browser } of [victim, thief]) assert.equal((await browser.verify()).location, '/')
  })

  test('a row given to the other user is 503 for both, with either phone, until it is put back', async () => {
    const swap = async (one: string, other: string) => {
      await change(victim.row, { status: 'revoked', revokedAt: app.clock.now() })
      await change(thief.row, { userId: other })
      await change(victim.row, { userId: one, status: 'active', revokedAt: null })
    }
    await swap(thief.id, victim.id)

    await failsClosed(victim.browser)
    await failsClosed(thief.browser)

    await swap(victim.id, thief.id)
    for (const { browser } of [victim, thief]) assert.equal((await browser.verify()).location, '/')
  })

  test('a secret that cannot be read costs no attempt and locks no user out', async () => {
    await change(victim.row, { sealedSecret: thief.row.sealedSecret })
    for (let round = 0; round < 6; round += 1) assert.equal((await victim.browser.verify()).status, 503)

    await change(victim.row, { sealedSecret: victim.row.sealedSecret })
    for (const { browser } of [victim, thief]) assert.equal((await browser.verify()).location, '/')
  })
})

test('a pending secret planted in an enrolment is not shown and answered 503', async () => {
  const { email, id: owner } = await people.add('Harbour Group', ['tech-operator'])
  const browser = app.browser()
  await browser.signInWithPassword(email)
  const key = (await browser.get('/mfa/enrol')).body
  assert.match(key, /manual-key/)
  const own = await rowOf(owner)

  await change(own, { sealedSecret: thief.row.sealedSecret })

  const page = await browser.get('/mfa/enrol')
  assert.equal(page.status, 503)
  assert.doesNotMatch(page.body, /manual-key|otpauth:/)
})
