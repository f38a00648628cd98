// Many resets at once: each user gets a mail, and the Admins get one digest beyond ten in ten minutes.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { and, eq, isNull } from 'drizzle-orm'
import { mfaResetDigests } from '../../src/platform/db/schema/mfa-resets.ts'
import { outbox } from '../../src/platform/db/schema/outbox.ts'
import { MINUTE } from '../../src/platform/time/durations.ts'
import { type RunningWorker, startWorker } from '../../workers/start-worker.ts'
import { startApp, type TestApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { People } from '../support/people.ts'
import { SmtpServer } from '../support/smtp-server.ts'
import { SHORT } from '../workers/short-times.ts'

const ADMIN = 'admin@harbour.example'
const ADMIN2 = 'admin2@harbour.example'

let app: TestApp
let people: People
let worker: RunningWorker
let admin: Browser
const mailServer = new SmtpServer()
before(async () => {
  await mailServer.start()
  app = await startApp({ SMTP_URL: mailServer.url })
  people = new People(app)
  admin = app.browser()
  await admin.enrolAndSignIn(ADMIN)
  worker = await startWorker(app.deps, SHORT)
})
after(async () => {
  await worker.stop()
  await app.close()
  await mailServer.stop()
})

/** New users with an authenticator, whom the Admin resets one after the other. Returns their addresses. */
async function resetMany(count: number): Promise<string[]> {
  const reset: string[] = []
  for (let i = 0; i < count; i += 1) {
    const { id, email } = await people.add('Harbour Group', ['tech-operator'])
    await people.enrol(id)
    const answer = await admin.post(`/users/${id}/mfa-reset`, { reason: 'Phones are replaced' })
    assert.equal(answer.status, 303)
    reset.push(email ?? '')
  }
  await nothingIsLeft()
  return reset
}

function nothingIsLeft(): Promise<unknown> {
  return eventually(
    'all work that is due is done',
    async () => (await app.deps.db.$count(outbox, and(isNull(outbox.doneAt), isNull(outbox.dueAt)))) === 0,
  )
}

const sent = (to: string, subject: RegExp) =>
  mailServer.received.filter((mail) => mail.to === to && subject.test(mail.source))

const ALONE = /^Subject: The authenticator of/m
const TOGETHER = /^Subject: (\d+) more authenticators? reset in Harbour Group/m

/** The digest's job waits in real time for the end of the window; here the operator sends it on. */
async function tenMinutesLater(): Promise<void> {
  app.clock.advance(10 * MINUTE)
  const queue = await worker.engine.queue('mfa-resets')
  for (const job of await queue.getDelayed()) await job.promote()
}

test('of twelve resets in ten minutes the Admins get ten mails and one digest of two', async () => {
  const users = await resetMany(12)

  for (const user of users)
    assert.equal(sent(user, /^Subject: Your authenticator was reset/m).length, 1, user)
  for (const to of [ADMIN, ADMIN2]) {
    assert.equal(sent(to, ALONE).length, 10)
    assert.equal(sent(to, TOGETHER).length, 0)
  }

  await tenMinutesLater()
  await eventually('the digest is sent', () => sent(ADMIN2, TOGETHER).length > 0)
  await nothingIsLeft()

  for (const to of [ADMIN, ADMIN2]) {
    assert.equal(sent(to, ALONE).length, 10)
    const [digest, ...more] = sent(to, TOGETHER)
    assert.deepEqual(more, [])
    const source = (digest?.source ?? '').replaceAll('=\r\n', '').replaceAll('=3D', '=')
    assert.equal(TOGETHER.exec(source)?.[1], '2')
    const [, query = ''] = /\/audit\?(action=mfa-reset\.requested\S+)/.exec(source) ?? []
    await admin.post('/sign-out')
    await admin.signIn(ADMIN)
    const page = await admin.get(`/audit?${query}`)
    assert.equal(page.status, 200)
    assert.equal(page.body.match(/<li data-outcome=/g)?.length, 12, 'the link lists the resets of the day')
  }
})

test('the first reset after a quiet time is mailed alone again', async () => {
  app.clock.advance(MINUTE)
  const before = sent(ADMIN2, ALONE).length

  await resetMany(1)

  assert.equal(sent(ADMIN2, ALONE).length, before + 1)
  assert.equal(await app.deps.db.$count(mfaResetDigests, isNull(mfaResetDigests.sentAt)), 0)
})

test('a digest job that is forged, early or repeated mails nothing', async () => {
  await admin.post('/sign-out')
  await admin.signIn(ADMIN)
  await resetMany(11)
  const [digest] = await app.deps.db.select().from(mfaResetDigests).where(isNull(mfaResetDigests.sentAt))
  assert.ok(digest)
  const before = sent(ADMIN, TOGETHER).length
  for (const digestId of [digest.id, crypto.randomUUID()])
    await app.deps.db.insert(outbox).values({ job: 'send-reset-digest', payload: { digestId } })
  await eventually(
    'the forged one is done',
    async () =>
      (await app.deps.db.$count(outbox, and(eq(outbox.job, 'send-reset-digest'), isNull(outbox.doneAt)))) ===
      2,
  )
  assert.equal(sent(ADMIN, TOGETHER).length, before)

  await tenMinutesLater()
  await eventually('the digest is sent', () => sent(ADMIN, TOGETHER).length > before)
  await eventually(
    'all are done',
    async () =>
      (await app.deps.db.$count(outbox, and(eq(outbox.job, 'send-reset-digest'), isNull(outbox.doneAt)))) ===
      0,
  )
  await nothingIsLeft()

  assert.equal(sent(ADMIN, TOGETHER).length, before + 1)
})
