// A reset from the click to 'completed', with a worker, a mail server and both queue engines; and with each of
// them away. Spec: "The user's MFA configuration is immediately cleared."
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { and, desc, eq, isNull } from 'drizzle-orm'
import { authenticators } from '../../src/platform/db/schema/authenticators.ts'
import { mfaResets } from '../../src/platform/db/schema/mfa-resets.ts'
import { outbox } from '../../src/platform/db/schema/outbox.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { type RunningWorker, startWorker } from '../../workers/start-worker.ts'
import { startApp, type TestApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { REDIS_AVAILABLE, RedisServer } from '../support/redis-server.ts'
import { SmtpServer } from '../support/smtp-server.ts'
import { SHORT } from '../workers/short-times.ts'

const TECH = 'tech@harbour.example'

for (const engine of ['redis', 'postgres'] as const)
  describe(`an MFA reset, on ${engine}`, { skip: engine === 'redis' && !REDIS_AVAILABLE }, () => {
    let app: TestApp
    let admin: Browser
    let tech: Browser
    let worker: RunningWorker | null = null
    const redis = engine === 'redis' ? new RedisServer() : null
    const mailServer = new SmtpServer()

    before(async () => {
      await mailServer.start()
      await redis?.start()
      app = await startApp({ SMTP_URL: mailServer.url, ...(redis && { REDIS_URL: redis.url }) })
      admin = app.browser()
      await admin.enrolAndSignIn('admin@harbour.example')
      tech = app.browser()
    })
    afterEach(stopWorker)
    after(async () => {
      await stopWorker()
      await app.close()
      await redis?.stop()
      await mailServer.stop()
    })

    async function beginWork(): Promise<void> {
      worker = await startWorker(app.deps, SHORT)
    }

    async function stopWorker(): Promise<void> {
      await worker?.stop()
      worker = null
    }

    async function techId(): Promise<string> {
      const [user] = await app.deps.db.select().from(users).where(eq(users.email, TECH))
      assert.ok(user)
      return user.id
    }

    /** The Tech Operator enrols (again) and the Admin, present by a fresh sign-in, resets them. */
    async function enrolAndReset(): Promise<void> {
      await tech.post('/sign-out')
      await tech.enrolAndSignIn(TECH)
      await admin.post('/sign-out')
      await admin.signIn('admin@harbour.example')
      const answer = await admin.post(`/users/${await techId()}/mfa-reset`, { reason: 'Phone lost' })
      assert.equal(answer.status, 303)
      assert.equal((await tech.get('/')).location, '/sign-in', 'out at once, whatever the queue does')
    }

    async function latestReset() {
      const [row] = await app.deps.db.select().from(mfaResets).orderBy(desc(mfaResets.id)).limit(1)
      assert.ok(row)
      return row
    }

    async function completed(): Promise<void> {
      await eventually('the reset is completed', async () => (await latestReset()).status === 'completed')
      await eventually(
        'all pending work is done',
        async () =>
          (await app.deps.db.$count(outbox, and(isNull(outbox.doneAt), isNull(outbox.dueAt)))) === 0,
      )
    }

    function mails(to: string, subject: RegExp) {
      return mailServer.received.filter((mail) => mail.to.includes(to) && subject.test(mail.source))
    }

    function forgetMails(): void {
      mailServer.received.length = 0
    }

    test('a reset completes: the secret is erased, and the user and both Admins are mailed once, by whom and from where', async () => {
      await beginWork()
      forgetMails()

      await enrolAndReset()
      await completed()

      const { authenticatorId } = await latestReset()
      const [old] = await app.deps.db
        .select()
        .from(authenticators)
        .where(eq(authenticators.id, authenticatorId))
      assert.equal(old?.sealedSecret, null)
      assert.equal(mails(TECH, /^Subject: Your authenticator was reset/m).length, 1)
      const [toUser] = mails(TECH, /Your authenticator was reset/)
      assert.match(toUser?.source ?? '', /127\.0\.0\.1/)
      for (const address of ['admin@harbour.example', 'admin2@harbour.example'])
        assert.equal(mails(address, /^Subject: The authenticator of .+ was reset/m).length, 1, address)
    })

    test('a reset takes effect with the worker stopped, and completes when the worker returns', async () => {
      forgetMails()

      await enrolAndReset()
      assert.equal((await latestReset()).status, 'requested')
      assert.equal((await tech.signInWithPassword(TECH)).location, '/mfa/enrol')
      await beginWork()
      await completed()

      assert.equal(mails(TECH, /Your authenticator was reset/).length, 1)
    })

    test('a reset completes while the mail server is down, and each mail goes out once when it is back', async () => {
      await beginWork()
      forgetMails()
      await mailServer.stop()

      await enrolAndReset()
      await eventually('the reset is completed', async () => (await latestReset()).status === 'completed')
      assert.equal(mailServer.received.length, 0)
      await mailServer.start()
      await completed()

      assert.equal(mails(TECH, /Your authenticator was reset/).length, 1)
      assert.equal(mails('admin2@harbour.example', /The authenticator of/).length, 1)
    })

    if (!redis) return
    test('a reset completes once Redis is back after it was lost and emptied', async () => {
      await beginWork()
      forgetMails()
      await redis.stop()

      await enrolAndReset()
      assert.equal((await latestReset()).status, 'requested')
      await redis.start()
      await completed()

      assert.equal(mails(TECH, /Your authenticator was reset/).length, 1)
    })
  })
