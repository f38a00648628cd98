// Mail server, queue engine and connections fail. Pending work is still done, or visibly failed.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eq } from 'drizzle-orm'
import { readOutbox } from '../../src/ops/outbox.queries.ts'
import { newLinkToken } from '../../src/platform/crypto/link-token.ts'
import { clients } from '../../src/platform/db/schema/clients.ts'
import { invitations, passwordResets } from '../../src/platform/db/schema/links.ts'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import { outbox } from '../../src/platform/db/schema/outbox.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { HOUR, SECOND } from '../../src/platform/time/durations.ts'
import { restoreJobs } from '../../workers/restore-jobs.ts'
import { eventually } from '../support/eventually.ts'
import { onEachEngine, present } from './worker-fixture.ts'

onEachEngine('failures', (fixture) => {
  test('while the mail server is away a mail is tried again, and arrives once when it is back', async () => {
    await fixture.mailServer.stop()
    const { engine } = await fixture.startWorker()
    const { notificationId, outboxId } = await fixture.queueMail()
    const queue = await engine.queue('notifications')
    await eventually(
      'it was tried three times',
      async () => present((await queue.getJob(outboxId)) ?? { attemptsMade: 0 }).attemptsMade >= 3,
    )

    await fixture.mailServer.start()
    await fixture.allDone()

    assert.equal(fixture.mailsAbout(notificationId).length, 1)
    assert.ok(await fixture.sentAt(notificationId))
    assert.equal(fixture.linesSaying('The mail server takes no mail').length, 1)
    assert.equal(fixture.linesSaying('The mail server takes mail again').length, 1)
  })

  test('a permanently refused mail waits for an operator and names no person', async () => {
    fixture.mailServer.refused.add('tess@harbour.example')
    const { engine } = await fixture.startWorker()
    const { notificationId, outboxId } = await fixture.queueMail()

    const failed = await eventually('it failed', async () => {
      const row = await fixture.rowOf(outboxId)
      return row.failedAt && row
    })
    const job = present(await (await engine.queue('notifications')).getJob(outboxId))
    await eventually('the queue shows it too', () => job.isFailed())

    assert.match(present(failed.failure ?? undefined), /refuses this mail.*550/)
    const shown = JSON.stringify([failed, await (await engine.queue('notifications')).getJob(outboxId)])
    assert.doesNotMatch(shown, /tess/i)
    assert.equal(fixture.linesSaying('failed for good').length, 1)

    fixture.mailServer.refused.clear()
    await job.retry()
    await eventually('it is sent', () => fixture.sentAt(notificationId))

    const { failedAt, failure, doneAt } = await fixture.rowOf(outboxId)
    assert.deepEqual({ failedAt, failure }, { failedAt: null, failure: null })
    assert.ok(doneAt)
  })

  test('clearing the failure of an outbox row tries it again', async () => {
    fixture.mailServer.refused.add('tess@harbour.example')
    await fixture.startWorker()
    const { notificationId, outboxId } = await fixture.queueMail()
    await eventually('it failed', async () => (await fixture.rowOf(outboxId)).failedAt)

    fixture.mailServer.refused.clear()
    await fixture.db.update(outbox).set({ failedAt: null, failure: null }).where(eq(outbox.id, outboxId))
    await fixture.allDone()

    assert.equal(fixture.mailsAbout(notificationId).length, 1)
  })

  test('after PostgreSQL was restored from an older copy work that the queue remembers as done is done again', async () => {
    const { engine } = await fixture.startWorker()
    const { notificationId, outboxId } = await fixture.queueMail()
    const queue = await engine.queue('notifications')
    await eventually('the job is completed', async () => (await queue.getJobState(outboxId)) === 'completed')
    assert.equal(fixture.mailsAbout(notificationId).length, 1)

    const longAgo = new Date(Date.now() - HOUR)
    await fixture.db.update(notifications).set({ sentAt: null }).where(eq(notifications.id, notificationId))
    await fixture.db.update(outbox).set({ doneAt: null, createdAt: longAgo }).where(eq(outbox.id, outboxId))
    const { oldestPendingMs } = await readOutbox(fixture.db)
    await fixture.allDone()

    assert.ok((oldestPendingMs ?? 0) >= HOUR - SECOND, 'the gauge shows it meanwhile')
    assert.equal(fixture.mailsAbout(notificationId).length, 2)
    assert.equal((await readOutbox(fixture.db)).oldestPendingMs, null)
  })

  test('a permanently failed job stays failed for the operator', async () => {
    fixture.mailServer.refused.add('tess@harbour.example')
    const { engine } = await fixture.startWorker()
    const { outboxId } = await fixture.queueMail()
    const queue = await engine.queue('notifications')
    await eventually('it failed', async () => (await queue.getJobState(outboxId)) === 'failed')
    const { failedAt } = await fixture.rowOf(outboxId)
    const delivered = fixture.mailServer.read

    await restoreJobs(fixture.db, engine, fixture.clock.now(), 0)

    assert.ok(failedAt)
    assert.equal(await queue.getJobState(outboxId), 'failed')
    assert.deepEqual((await fixture.rowOf(outboxId)).failedAt, failedAt)
    assert.equal(fixture.mailServer.read, delivered)
    fixture.mailServer.refused.clear()
    await fixture.db.delete(outbox).where(eq(outbox.id, outboxId))
  })

  test('a job that fails every time is given up after 30 attempts and does not block others', async () => {
    await fixture.startWorker({ backoff: () => 10 })
    const [broken] = await fixture.db
      .insert(outbox)
      .values({ job: 'end-lockout', payload: { subject: 'not a uuid', kind: 'code' } })
      .returning({ id: outbox.id })

    const { notificationId } = await fixture.queueMail()
    await eventually('the other one is sent', () => fixture.sentAt(notificationId))
    const row = await eventually('it is given up', async () => {
      const row = await fixture.rowOf(present(broken).id)
      return row.failedAt && row
    })

    assert.match(present(row.failure ?? undefined), /22P02/)
    const lines = fixture.logged.filter(
      ({ outboxId, attempts }) => outboxId === row.id && attempts !== undefined,
    )
    assert.equal(Math.max(...lines.map(({ attempts }) => Number(attempts))), 30)
    await fixture.db.delete(outbox).where(eq(outbox.id, row.id))
  })

  test('a job with an invalid payload is given up, and the log does not show the payload', async () => {
    await fixture.startWorker({ backoff: () => 10 })
    const [broken] = await fixture.db
      .insert(outbox)
      .values({ job: 'end-lockout', payload: { subject: fixture.userId, kind: 'fingerprint' } })
      .returning({ id: outbox.id })

    const row = await eventually('it is given up', async () => {
      const row = await fixture.rowOf(present(broken).id)
      return row.failedAt && row
    })

    assert.match(present(row.failure ?? undefined), /ZodError.*kind/s)
    assert.doesNotMatch(present(row.failure ?? undefined), /fingerprint/)
    await fixture.db.delete(outbox).where(eq(outbox.id, row.id))
  })

  test('a mail whose link no longer works is not sent', async () => {
    const past = new Date(Date.now() - 1000)
    const open = new Date(Date.now() + HOUR)
    await fixture.startWorker()

    const withdrawn = await invite({ expiresAt: open, revokedAt: past })
    const used = await invite({ expiresAt: open, usedAt: past })
    const expired = await invite({ expiresAt: past })
    await fixture.allDone()
    await fixture.db.update(invitations).set({ revokedAt: past })
    const valid = await invite({ expiresAt: open })
    await fixture.allDone()

    for (const { notificationId } of [withdrawn, used, expired]) {
      assert.equal(fixture.mailsAbout(notificationId).length, 0)
      assert.equal(await fixture.sentAt(notificationId), null)
    }
    const [mail] = fixture.mailsAbout(valid.notificationId)
    assert.ok(
      present(mail)
        .source.replaceAll('=\r\n', '')
        .includes(`https://gate.portcullis.test/activate/${valid.token}`),
    )
    const stored = JSON.stringify([await fixture.db.select().from(outbox), fixture.logged])
    assert.ok(!stored.includes(valid.token))
  })

  test('a mail is not sent to a user whom its link would not let in', async () => {
    const open = new Date(Date.now() + HOUR)
    const tess = eq(users.id, fixture.userId)
    await fixture.db.update(invitations).set({ revokedAt: new Date() })
    await fixture.startWorker()

    await fixture.db.update(users).set({ status: 'disabled' }).where(tess)
    const ofDisabled = [await invite({ expiresAt: open }), await askForPasswordReset()]
    await fixture.allDone()
    await fixture.db.update(users).set({ status: 'invited' }).where(tess)
    await fixture.db.update(clients).set({ suspendedAt: new Date() })
    await fixture.db.update(invitations).set({ revokedAt: new Date() })
    const ofSuspended = [await invite({ expiresAt: open }), await askForPasswordReset()]
    await fixture.allDone()
    await fixture.db.update(clients).set({ suspendedAt: null })

    for (const { notificationId } of [...ofDisabled, ...ofSuspended]) {
      assert.equal(fixture.mailsAbout(notificationId).length, 0)
      assert.equal(await fixture.sentAt(notificationId), null)
    }
  })

  async function invite(times: Partial<typeof invitations.$inferInsert> & { expiresAt: Date }) {
    const id = crypto.randomUUID()
    const { token, hash } = newLinkToken('invitation', id, fixture.config.ENCRYPTION_KEYS)
    await fixture.db.insert(invitations).values({ id, userId: fixture.userId, tokenHash: hash, ...times })
    const queued = await fixture.queueMail({ kind: 'invitation', facts: { invitationId: id } })
    return { ...queued, token }
  }

  async function askForPasswordReset() {
    const id = crypto.randomUUID()
    const { hash } = newLinkToken('password-reset', id, fixture.config.ENCRYPTION_KEYS)
    const expiresAt = new Date(Date.now() + HOUR)
    await fixture.db.insert(passwordResets).values({ id, userId: fixture.userId, tokenHash: hash, expiresAt })
    return fixture.queueMail({ kind: 'password-reset', facts: { passwordResetId: id } })
  }
})
