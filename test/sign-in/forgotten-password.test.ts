// Anyone who knows an address may ask for a link. That must not keep its owner from getting one.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { and, eq, isNull } from 'drizzle-orm'
import { auditEvents } from '../../src/platform/db/schema/audit-events.ts'
import { passwordResets } from '../../src/platform/db/schema/links.ts'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import { outbox } from '../../src/platform/db/schema/outbox.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { MINUTE } from '../../src/platform/time/durations.ts'
import { startApp, type TestApp } from '../support/app.ts'
import { People } from '../support/people.ts'

const NEW_PASSWORD = 'seven green lanterns in fog'

let app: TestApp
let people: People
before(async () => {
  app = await startApp({ ADDRESS_ATTEMPTS: '100000' })
  people = new People(app)
})
after(() => app.close())

function ask(email: string) {
  return app.browser().post('/forgot-password', { email })
}

/** The links that mails to a user carry and that still open, with the number of mails. */
async function openLinks(userId: string) {
  const rows = await app.deps.db
    .select({ id: passwordResets.id, expiresAt: passwordResets.expiresAt })
    .from(passwordResets)
    .where(and(eq(passwordResets.userId, userId), isNull(passwordResets.usedAt)))
  const mails = await app.deps.db
    .select()
    .from(notifications)
    .where(and(eq(notifications.recipientId, userId), eq(notifications.kind, 'password-reset')))
  return rows
    .filter(({ expiresAt }) => expiresAt > app.clock.now())
    .map(({ id, expiresAt }) => ({
      id,
      leftMs: expiresAt.getTime() - app.clock.now().getTime(),
      mails: mails.filter(({ facts }) => facts.passwordResetId === id).length,
    }))
}

function newUser() {
  return people.add('Harbour Group', ['finance-manager'])
}

describe('requests of a stranger', () => {
  test('requests of a stranger neither void the owner’s link nor make another', async () => {
    const { id, email } = await newUser()
    await ask(email)
    const link = await people.passwordResetLink(email)

    for (let i = 0; i < 20; i += 1) await ask(email)

    assert.equal((await openLinks(id)).length, 1)
    assert.equal(await people.passwordResetLink(email), link)
    assert.equal((await app.browser().post(link, { password: NEW_PASSWORD })).location, '/sign-in')
  })

  test('20 requests at once make one link', async () => {
    const { id, email } = await newUser()

    await Promise.all(Array.from({ length: 20 }, () => ask(email)))

    const [link, ...others] = await openLinks(id)
    assert.deepEqual(others, [])
    assert.ok(link && link.mails <= 3)
  })

  test('with one request a minute for two hours the mailed link always works for 15 more minutes and is mailed at most three times', async () => {
    const { id, email } = await newUser()
    let mostMails = 0
    for (let minute = 0; minute < 120; minute += 1) {
      await ask(email)

      const open = await openLinks(id)
      assert.ok(
        open.some(({ leftMs, mails }) => leftMs >= 15 * MINUTE && mails > 0),
        `minute ${minute}`,
      )
      assert.ok(open.length <= 2)
      mostMails = Math.max(mostMails, ...open.map(({ mails }) => mails))
      app.clock.advance(MINUTE)
    }
    assert.equal(mostMails, 3)
  })

  test('requests of a stranger do not keep the owner from a new link after the first was used', async () => {
    const { id, email } = await newUser()
    for (let i = 0; i < 10; i += 1) await ask(email)
    await app.browser().post(await people.passwordResetLink(email), { password: NEW_PASSWORD })

    await ask(email)

    const [link, ...others] = await openLinks(id)
    assert.deepEqual([link?.mails, others], [1, []])
  })
})

test('an address without a user writes as many rows for one request as for ten', async () => {
  const { email } = await newUser()
  const rowsFor = async (requested: string) => {
    const before = await rows()
    await ask(requested)
    const once = await rows()
    for (let i = 0; i < 9; i += 1) await ask(requested)
    const often = await rows()
    return [
      once.map((count, i) => count - (before[i] ?? 0)),
      often.map((count, i) => count - (before[i] ?? 0)),
    ]
  }
  const rows = () =>
    Promise.all(
      [passwordResets, notifications, outbox, auditEvents].map((table) => app.deps.db.$count(table)),
    )

  const known = await rowsFor(email)
  const unknown = await rowsFor('nobody@nowhere.example')

  assert.deepEqual(unknown, known)
  assert.deepEqual(known, [
    [1, 1, 1, 1],
    [1, 3, 3, 10],
  ])
})

test('a link made for a disabled user is not the one that is mailed after they are enabled', async () => {
  const { id, email } = await newUser()
  await app.deps.db.update(users).set({ status: 'disabled' }).where(eq(users.id, id))
  await ask(email)
  await app.deps.db.update(users).set({ status: 'active' }).where(eq(users.id, id))

  await ask(email)

  assert.equal((await app.browser().get(await people.passwordResetLink(email))).status, 200)
})
