// The work that a request queues is done exactly once, whatever happens to queues, mail server and connections.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Job } from 'bullmq'
import { eq, isNull } from 'drizzle-orm'
import { lockouts } from '../../src/platform/db/schema/lockouts.ts'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import { outbox } from '../../src/platform/db/schema/outbox.ts'
import { memberships, roleGroups } from '../../src/platform/db/schema/role-groups.ts'
import { openMailer } from '../../src/platform/mail/mailer.ts'
import { notify } from '../../src/platform/mail/notify.ts'
import { QUEUES } from '../../src/platform/outbox/jobs.ts'
import { openQueueEngine } from '../../src/platform/outbox/queues.ts'
import { dispatchBatch } from '../../workers/dispatch-batch.ts'
import { relayOutbox } from '../../workers/relay-outbox.ts'
import { runJob } from '../../workers/run-job.ts'
import { eventually } from '../support/eventually.ts'
import { onEachEngine, present } from './worker-fixture.ts'

onEachEngine('pending work', (fixture) => {
  test('a pending mail is sent once under a stable id', async () => {
    await fixture.startWorker()

    const { notificationId, outboxId } = await fixture.queueMail()
    await fixture.allDone()

    const [mail, ...more] = fixture.mailsAbout(notificationId)
    assert.equal(mail?.messageId, `<${notificationId}@gate.portcullis.test>`)
    assert.equal(mail?.to, 'tess@harbour.example')
    assert.deepEqual(more, [])
    assert.ok(await fixture.sentAt(notificationId))
    assert.ok((await fixture.rowOf(outboxId)).dispatchedAt)
  })

  test('a mail names who can help: an Admin for a user, and the Service Desk for an Admin', async () => {
    await fixture.startWorker()
    const helpNamed = async () => {
      const { notificationId } = await fixture.queueMail()
      await fixture.allDone()
      const [mail] = fixture.mailsAbout(notificationId)
      return /tell\s+(an Admin of Harbour Group|the Service Desk)\s+today/.exec(present(mail).source)?.[1]
    }
    assert.equal(await helpNamed(), 'an Admin of Harbour Group')

    const [admin] = await fixture.db.select().from(roleGroups).where(eq(roleGroups.key, 'admin'))
    const held = { userId: fixture.userId, roleGroupId: present(admin).id }
    await fixture.db.insert(memberships).values(held)
    assert.equal(await helpNamed(), 'the Service Desk')
    await fixture.db.delete(memberships).where(eq(memberships.userId, fixture.userId))
  })

  test('a rolled-back transaction queues nothing', async () => {
    await fixture.startWorker()

    const mails = fixture.mailServer.received.length

    const changed = fixture.db.transaction(async (tx) => {
      await notify(tx, { to: fixture.userId, kind: 'password-changed', eventId: null, facts: {} })
      throw new Error('changed my mind')
    })
    await assert.rejects(changed, /changed my mind/)
    const { notificationId } = await fixture.queueMail()
    await fixture.allDone()

    assert.equal(fixture.mailsAbout(notificationId).length, 1)
    assert.equal(fixture.mailServer.received.length, mails + 1, 'and no other mail')
  })

  test('a job that is queued again after it was done changes nothing', async () => {
    const { engine } = await fixture.startWorker()
    const { notificationId, outboxId } = await fixture.queueMail()
    await fixture.allDone()
    const before = await fixture.rowOf(outboxId)
    const queue = await engine.queue('notifications')
    const done = present(
      await eventually('the job is completed', async () => {
        const job = await queue.getJob(outboxId)
        return (await job?.isCompleted()) && job
      }),
    )
    await done.remove()

    await queue.add('send-notification', { notificationId }, { jobId: outboxId })
    await eventually('it ran again', async () => (await queue.getJob(outboxId))?.isCompleted())

    assert.equal(fixture.mailsAbout(notificationId).length, 1)
    assert.deepEqual(await fixture.rowOf(outboxId), before)
  })

  test('a job without an outbox row does nothing', async () => {
    const { engine } = await fixture.startWorker()
    const { notificationId } = await fixture.queueMail()
    await fixture.allDone()
    const queue = await engine.queue('notifications')

    const forged = [crypto.randomUUID(), 'no-uuid-at-all']
    for (const jobId of forged) await queue.add('send-notification', { notificationId }, { jobId })
    for (const jobId of forged)
      await eventually('the forged job ran', async () => (await queue.getJob(jobId))?.isCompleted())

    assert.equal(fixture.mailsAbout(notificationId).length, 1)
  })

  test('two runs of one job at the same time have one effect', async () => {
    const { notificationId, outboxId } = await fixture.queueMail()
    const mailer = openMailer(fixture.config, fixture.log, 2)
    const queued = { id: outboxId, name: 'send-notification', attemptsMade: 0, opts: {} } as Job

    await Promise.all([1, 2, 3].map(() => runJob(queued, 'token', { ...fixture.deps, mailer })))

    assert.equal(fixture.mailsAbout(notificationId).length, 1)
    mailer.close()
  })

  test('two relays at once hand each row to its queue once', async () => {
    const engines = [
      openQueueEngine(fixture.config, fixture.log),
      openQueueEngine(fixture.config, fixture.log),
    ]
    const added: string[] = []
    for (const engine of engines) {
      const queue = await engine.queue('notifications')
      const addBulk = queue.addBulk.bind(queue)
      queue.addBulk = (jobs) => {
        added.push(...jobs.map(({ opts }) => present(opts?.jobId)))
        return addBulk(jobs)
      }
    }
    const pending = Array.from({ length: 500 }, () => ({
      job: 'send-notification',
      payload: { notificationId: crypto.randomUUID() },
    }))
    await fixture.db.insert(outbox).values(pending)

    const relays = engines.map((engine) => relayOutbox(fixture.deps, engine))
    await eventually(
      'every row is dispatched',
      async () => (await fixture.db.$count(outbox, isNull(outbox.dispatchedAt))) === 0,
    )

    assert.equal(added.length, 500)
    assert.equal(new Set(added).size, 500)
    await Promise.all(relays.map((relay) => relay.stop()))
    await (await present(engines[0]).queue('notifications')).obliterate({ force: true })
    await Promise.all(engines.map((engine) => engine.close()))
    await fixture.db.delete(outbox)
  })

  test('jobs that vanished from the queue come back, also those that are not due yet', async () => {
    const engine = openQueueEngine(fixture.config, fixture.log)
    const soon = new Date(Date.now() + 3000)
    const { notificationId, outboxId } = await fixture.queueMail()
    await fixture.db
      .insert(outbox)
      .values({ job: 'end-lockout', payload: { subject: fixture.userId, kind: 'code' }, dueAt: soon })
    await dispatchBatch(fixture.db, engine, fixture.clock.now())
    for (const name of QUEUES) await (await engine.queue(name)).obliterate({ force: true })

    const { engine: restored } = await fixture.startWorker()
    await eventually('the mail is sent', () => fixture.sentAt(notificationId))
    const delayed = await restored.queue('lockouts')
    await eventually(
      'the lockout waits for its time again',
      async () => (await delayed.getDelayedCount()) === 1,
    )
    await fixture.allDone()

    assert.ok(Date.now() >= soon.getTime(), 'not before its time')
    assert.equal(fixture.mailsAbout(notificationId).length, 1)
    assert.ok((await fixture.rowOf(outboxId)).doneAt)
    await engine.close()
  })

  test('later work waits in the queue, and a prolonged lock is asked again', async () => {
    const now = Date.now()
    const lockedUntil = new Date(now + 1500)
    const lock = { subject: fixture.userId, kind: 'password' as const }
    await fixture.db
      .insert(lockouts)
      .values({ ...lock, lockedAt: new Date(now), lockedUntil, repeats: 1, updatedAt: new Date(now) })
    await fixture.db.insert(outbox).values({ job: 'end-lockout', payload: lock, dueAt: new Date(now + 300) })

    await fixture.startWorker()
    const ended = await eventually('the lock is cleared', async () => {
      const [row] = await fixture.db.select().from(lockouts).where(eq(lockouts.kind, 'password'))
      return row?.lockedUntil === null && Date.now()
    })
    await fixture.allDone()

    assert.ok(ended >= lockedUntil.getTime(), 'not before its time')
    const mails = await fixture.db.select().from(notifications).where(eq(notifications.kind, 'lockout-ended'))
    assert.equal(mails.length, 1)
  })
})
