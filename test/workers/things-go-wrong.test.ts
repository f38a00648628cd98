// Mail server, queue engine and connections fail; what is owed is done all the same, or seen to have failed.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eq } from 'drizzle-orm'
import { newLinkToken } from '../../src/at-rest/link-token.ts'
import { clients } from '../../src/db/schema/clients.ts'
import { invitations, passwordResets } from '../../src/db/schema/links.ts'
import { notifications } from '../../src/db/schema/notifications.ts'
import { outbox } from '../../src/db/schema/outbox.ts'
import { users } from '../../src/db/schema/users.ts'
import { readOutbox } from '../../src/ops/outbox.queries.ts'
import { HOUR, SECOND } from '../../src/time/durations.ts'
import { restoreJobs } from '../../workers/restore-jobs.ts'
import { eventually } from '../support/eventually.ts'
import { onEachEngine, present } from './workshop.ts'

onEachEngine('things go wrong', (workshop) => {
  test('while the mail server is away a mail is tried again, and arrives once when it is back', async () => {
    await workshop.mailServer.stop()
    const { engine } = await workshop.startWorker()
    const { notificationId, outboxId } = await workshop.oweMail()
    const queue = await engine.queue('notifications')
    await eventually(
      'it was tried three times',
      async () => present((await queue.getJob(outboxId)) ?? { attemptsMade: 0 }).attemptsMade >= 3,
    )

    await workshop.mailServer.start()
    await workshop.allDone()

    assert.equal(workshop.mailsAbout(notificationId).length, 1)
    assert.ok(await workshop.sentAt(notificationId))
    assert.equal(workshop.linesSaying('The mail server takes no mail').length, 1)
    assert.equal(workshop.linesSaying('The mail server takes mail again').length, 1)
  })

  test('a mail that is refused for good waits for an operator, and says why without naming anybody', async () => {
    workshop.mailServer.refused.add('tess@harbour.example')
    const { engine } = await workshop.startWorker()
    const { notificationId, outboxId } = await workshop.oweMail()

    const failed = await eventually('it failed', async () => {
      const row = await workshop.rowOf(outboxId)
      return row.failedAt && row
    })
    const job = present(await (await engine.queue('notifications')).getJob(outboxId))
    await eventually('the queue shows it too', () => job.isFailed())

    assert.match(present(failed.failure ?? undefined), /refuses this mail.*550/)
    const shown = JSON.stringify([failed, await (await engine.queue('notifications')).getJob(outboxId)])
    assert.doesNotMatch(shown, /tess/i)
    assert.equal(workshop.linesSaying('failed for good').length, 1)

    workshop.mailServer.refused.clear()
    await job.retry()
    await eventually('it is sent', () => workshop.sentAt(notificationId))

    const { failedAt, failure, doneAt } = await workshop.rowOf(outboxId)
    assert.deepEqual({ failedAt, failure }, { failedAt: null, failure: null })
    assert.ok(doneAt)
  })

  test('clearing the failure of an outbox row is enough to have it tried again', async () => {
    workshop.mailServer.refused.add('tess@harbour.example')
    await workshop.startWorker()
    const { notificationId, outboxId } = await workshop.oweMail()
    await eventually('it failed', async () => (await workshop.rowOf(outboxId)).failedAt)

    workshop.mailServer.refused.clear()
    await workshop.db.update(outbox).set({ failedAt: null, failure: null }).where(eq(outbox.id, outboxId))
    await workshop.allDone()

    assert.equal(workshop.mailsAbout(notificationId).length, 1)
  })

  test('after PostgreSQL was restored from an older copy, work that the queue remembers as done is done again', async () => {
    const { engine } = await workshop.startWorker()
    const { notificationId, outboxId } = await workshop.oweMail()
    const queue = await engine.queue('notifications')
    await eventually('the job is completed', async () => (await queue.getJobState(outboxId)) === 'completed')
    assert.equal(workshop.mailsAbout(notificationId).length, 1)

    const longAgo = new Date(Date.now() - HOUR)
    await workshop.db.update(notifications).set({ sentAt: null }).where(eq(notifications.id, notificationId))
    await workshop.db.update(outbox).set({ doneAt: null, createdAt: longAgo }).where(eq(outbox.id, outboxId))
    const { oldestPendingMs } = await readOutbox(workshop.db)
    await workshop.allDone()

    assert.ok((oldestPendingMs ?? 0) >= HOUR - SECOND, 'the gauge shows it meanwhile')
    assert.equal(workshop.mailsAbout(notificationId).length, 2)
    assert.equal((await readOutbox(workshop.db)).oldestPendingMs, null)
  })

  test('a job that failed for good and says so stays failed for the operator', async () => {
    workshop.mailServer.refused.add('tess@harbour.example')
    const { engine } = await workshop.startWorker()
    const { outboxId } = await workshop.oweMail()
    const queue = await engine.queue('notifications')
    await eventually('it failed', async () => (await queue.getJobState(outboxId)) === 'failed')
    const { failedAt } = await workshop.rowOf(outboxId)
    const delivered = workshop.mailServer.read

    await restoreJobs(workshop.db, engine, workshop.clock.now(), 0)

    assert.ok(failedAt)
    assert.equal(await queue.getJobState(outboxId), 'failed')
    assert.deepEqual((await workshop.rowOf(outboxId)).failedAt, failedAt)
    assert.equal(workshop.mailServer.read, delivered)
    workshop.mailServer.refused.clear()
    await workshop.db.delete(outbox).where(eq(outbox.id, outboxId))
  })

  test('a job that fails every time is given up after 30 attempts and does not hold up others', async () => {
    await workshop.startWorker({ backoff: () => 10 })
    const [broken] = await workshop.db
      .insert(outbox)
      .values({ job: 'end-lockout', payload: { subject: 'not a uuid', kind: 'code' } })
      .returning({ id: outbox.id })

    const { notificationId } = await workshop.oweMail()
    await eventually('the other one is sent', () => workshop.sentAt(notificationId))
    const row = await eventually('it is given up', async () => {
      const row = await workshop.rowOf(present(broken).id)
      return row.failedAt && row
    })

    assert.match(present(row.failure ?? undefined), /22P02/)
    const lines = workshop.logged.filter(
      ({ outboxId, attempts }) => outboxId === row.id && attempts !== undefined,
    )
    assert.equal(Math.max(...lines.map(({ attempts }) => Number(attempts))), 30)
    await workshop.db.delete(outbox).where(eq(outbox.id, row.id))
  })

  test('a job that was owed what it does not take is given up, and says so without what it was', async () => {
    await workshop.startWorker({ backoff: () => 10 })
    const [broken] = await workshop.db
      .insert(outbox)
      .values({ job: 'end-lockout', payload: { subject: workshop.userId, kind: 'fingerprint' } })
      .returning({ id: outbox.id })

    const row = await eventually('it is given up', async () => {
      const row = await workshop.rowOf(present(broken).id)
      return row.failedAt && row
    })

    assert.match(present(row.failure ?? undefined), /ZodError.*kind/s)
    assert.doesNotMatch(present(row.failure ?? undefined), /fingerprint/)
    await workshop.db.delete(outbox).where(eq(outbox.id, row.id))
  })

  test('a mail whose link leads nowhere any more is not sent', async () => {
    const past = new Date(Date.now() - 1000)
    const open = new Date(Date.now() + HOUR)
    await workshop.startWorker()

    const withdrawn = await invite({ expiresAt: open, revokedAt: past })
    const used = await invite({ expiresAt: open, usedAt: past })
    const expired = await invite({ expiresAt: past })
    await workshop.allDone()
    await workshop.db.update(invitations).set({ revokedAt: past })
    const valid = await invite({ expiresAt: open })
    await workshop.allDone()

    for (const { notificationId } of [withdrawn, used, expired]) {
      assert.equal(workshop.mailsAbout(notificationId).length, 0)
      assert.equal(await workshop.sentAt(notificationId), null)
    }
    const [mail] = workshop.mailsAbout(valid.notificationId)
    assert.ok(
      present(mail)
        .source.replaceAll('=\r\n', '')
        .includes(`https://gate.portcullis.test/activate/${valid.token}`),
    )
    const stored = JSON.stringify([await workshop.db.select().from(outbox), workshop.logged])
    assert.ok(!stored.includes(valid.token))
  })

  test('a mail is not sent to somebody whom its link would not let in', async () => {
    const open = new Date(Date.now() + HOUR)
    const tess = eq(users.id, workshop.userId)
    await workshop.db.update(invitations).set({ revokedAt: new Date() })
    await workshop.startWorker()

    await workshop.db.update(users).set({ status: 'disabled' }).where(tess)
    const ofDisabled = [await invite({ expiresAt: open }), await askForPasswordReset()]
    await workshop.allDone()
    await workshop.db.update(users).set({ status: 'invited' }).where(tess)
    await workshop.db.update(clients).set({ suspendedAt: new Date() })
    await workshop.db.update(invitations).set({ revokedAt: new Date() })
    const ofSuspended = [await invite({ expiresAt: open }), await askForPasswordReset()]
    await workshop.allDone()
    await workshop.db.update(clients).set({ suspendedAt: null })

    for (const { notificationId } of [...ofDisabled, ...ofSuspended]) {
      assert.equal(workshop.mailsAbout(notificationId).length, 0)
      assert.equal(await workshop.sentAt(notificationId), null)
    }
  })

  async function invite(times: Partial<typeof invitations.$inferInsert> & { expiresAt: Date }) {
    const id = crypto.randomUUID()
    const { token, hash } = newLinkToken('invitation', id, workshop.config.ENCRYPTION_KEYS)
    await workshop.db.insert(invitations).values({ id, userId: workshop.userId, tokenHash: hash, ...times })
    const owed = await workshop.oweMail({ kind: 'invitation', facts: { invitationId: id } })
    return { ...owed, token }
  }

  async function askForPasswordReset() {
    const id = crypto.randomUUID()
    const { hash } = newLinkToken('password-reset', id, workshop.config.ENCRYPTION_KEYS)
    const expiresAt = new Date(Date.now() + HOUR)
    await workshop.db
      .insert(passwordResets)
      .values({ id, userId: workshop.userId, tokenHash: hash, expiresAt })
    return workshop.oweMail({ kind: 'password-reset', facts: { passwordResetId: id } })
  }
})
