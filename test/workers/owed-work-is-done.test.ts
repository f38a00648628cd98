// What a request owes is done exactly once, whatever happens to queues, mail server and connections.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Job } from 'bullmq'
import { eq, isNull } from 'drizzle-orm'
import { lockouts } from '../../src/db/schema/lockouts.ts'
import { notifications } from '../../src/db/schema/notifications.ts'
import { outbox } from '../../src/db/schema/outbox.ts'
import { memberships, roleGroups } from '../../src/db/schema/role-groups.ts'
import { openMailer } from '../../src/notifications/mailer.ts'
import { notify } from '../../src/notifications/notify.ts'
import { QUEUES } from '../../src/outbox/jobs.ts'
import { openQueueEngine } from '../../src/outbox/queues.ts'
import { dispatchBatch } from '../../workers/dispatch-batch.ts'
import { relayOutbox } from '../../workers/relay-outbox.ts'
import { runJob } from '../../workers/run-job.ts'
import { eventually } from '../support/eventually.ts'
import { onEachEngine, present } from './workshop.ts'

onEachEngine('what is owed is done', (workshop) => {
  test('a mail that is owed is sent once, under an id that stays the same', async () => {
    await workshop.startWorker()

    const { notificationId, outboxId } = await workshop.oweMail()
    await workshop.allDone()

    const [mail, ...more] = workshop.mailsAbout(notificationId)
    assert.equal(mail?.messageId, `<${notificationId}@gate.portcullis.test>`)
    assert.equal(mail?.to, 'tess@harbour.example')
    assert.deepEqual(more, [])
    assert.ok(await workshop.sentAt(notificationId))
    assert.ok((await workshop.rowOf(outboxId)).dispatchedAt)
  })

  test('a mail names who can help: an Admin of the account, and an Admin the Service Desk', async () => {
    await workshop.startWorker()
    const helpNamed = async () => {
      const { notificationId } = await workshop.oweMail()
      await workshop.allDone()
      const [mail] = workshop.mailsAbout(notificationId)
      return /tell\s+(an Admin of your account|the Service Desk)\s+today/.exec(present(mail).source)?.[1]
    }
    assert.equal(await helpNamed(), 'an Admin of your account')

    const [admin] = await workshop.db.select().from(roleGroups).where(eq(roleGroups.key, 'admin'))
    const held = { userId: workshop.userId, roleGroupId: present(admin).id }
    await workshop.db.insert(memberships).values(held)
    assert.equal(await helpNamed(), 'the Service Desk')
    await workshop.db.delete(memberships).where(eq(memberships.userId, workshop.userId))
  })

  test('what is rolled back owes nothing', async () => {
    await workshop.startWorker()

    const mails = workshop.mailServer.received.length

    const changed = workshop.db.transaction(async (tx) => {
      await notify(tx, { to: workshop.userId, kind: 'password-changed', eventId: null, facts: {} })
      throw new Error('changed my mind')
    })
    await assert.rejects(changed, /changed my mind/)
    const { notificationId } = await workshop.oweMail()
    await workshop.allDone()

    assert.equal(workshop.mailsAbout(notificationId).length, 1)
    assert.equal(workshop.mailServer.received.length, mails + 1, 'and no other mail')
  })

  test('a job that is queued again after it was done changes nothing', async () => {
    const { engine } = await workshop.startWorker()
    const { notificationId, outboxId } = await workshop.oweMail()
    await workshop.allDone()
    const before = await workshop.rowOf(outboxId)
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

    assert.equal(workshop.mailsAbout(notificationId).length, 1)
    assert.deepEqual(await workshop.rowOf(outboxId), before)
  })

  test('a job that nobody owes does nothing, whatever it says', async () => {
    const { engine } = await workshop.startWorker()
    const { notificationId } = await workshop.oweMail()
    await workshop.allDone()
    const queue = await engine.queue('notifications')

    const forged = [crypto.randomUUID(), 'no-uuid-at-all']
    for (const jobId of forged) await queue.add('send-notification', { notificationId }, { jobId })
    for (const jobId of forged)
      await eventually('the forged job ran', async () => (await queue.getJob(jobId))?.isCompleted())

    assert.equal(workshop.mailsAbout(notificationId).length, 1)
  })

  test('two runs of one job at the same time have one effect', async () => {
    const { notificationId, outboxId } = await workshop.oweMail()
    const mailer = openMailer(workshop.config, workshop.log, 2)
    const queued = { id: outboxId, name: 'send-notification', attemptsMade: 0, opts: {} } as Job

    await Promise.all([1, 2, 3].map(() => runJob(queued, 'token', { ...workshop.deps, mailer })))

    assert.equal(workshop.mailsAbout(notificationId).length, 1)
    mailer.close()
  })

  test('two relays at once hand each row to its queue once', async () => {
    const engines = [
      openQueueEngine(workshop.config, workshop.log),
      openQueueEngine(workshop.config, workshop.log),
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
    const owed = Array.from({ length: 500 }, () => ({
      job: 'send-notification',
      payload: { notificationId: crypto.randomUUID() },
    }))
    await workshop.db.insert(outbox).values(owed)

    const relays = engines.map((engine) => relayOutbox(workshop.deps, engine))
    await eventually(
      'every row is dispatched',
      async () => (await workshop.db.$count(outbox, isNull(outbox.dispatchedAt))) === 0,
    )

    assert.equal(added.length, 500)
    assert.equal(new Set(added).size, 500)
    await Promise.all(relays.map((relay) => relay.stop()))
    await (await present(engines[0]).queue('notifications')).obliterate({ force: true })
    await Promise.all(engines.map((engine) => engine.close()))
    await workshop.db.delete(outbox)
  })

  test('jobs that vanished from the queue come back, those that are not due yet too', async () => {
    const engine = openQueueEngine(workshop.config, workshop.log)
    const soon = new Date(Date.now() + 3000)
    const { notificationId, outboxId } = await workshop.oweMail()
    await workshop.db
      .insert(outbox)
      .values({ job: 'end-lockout', payload: { subject: workshop.userId, kind: 'code' }, dueAt: soon })
    await dispatchBatch(workshop.db, engine, workshop.clock.now())
    for (const name of QUEUES) await (await engine.queue(name)).obliterate({ force: true })

    const { engine: restored } = await workshop.startWorker()
    await eventually('the mail is sent', () => workshop.sentAt(notificationId))
    const delayed = await restored.queue('lockouts')
    await eventually(
      'the lockout waits for its time again',
      async () => (await delayed.getDelayedCount()) === 1,
    )
    await workshop.allDone()

    assert.ok(Date.now() >= soon.getTime(), 'not before its time')
    assert.equal(workshop.mailsAbout(notificationId).length, 1)
    assert.ok((await workshop.rowOf(outboxId)).doneAt)
    await engine.close()
  })

  test('what is due later waits in the queue, and a lock that lasts longer is asked again', async () => {
    const now = Date.now()
    const lockedUntil = new Date(now + 1500)
    const lock = { subject: workshop.userId, kind: 'password' as const }
    await workshop.db
      .insert(lockouts)
      .values({ ...lock, lockedAt: new Date(now), lockedUntil, repeats: 1, updatedAt: new Date(now) })
    await workshop.db.insert(outbox).values({ job: 'end-lockout', payload: lock, dueAt: new Date(now + 300) })

    await workshop.startWorker()
    const ended = await eventually('the lock is cleared', async () => {
      const [row] = await workshop.db.select().from(lockouts).where(eq(lockouts.kind, 'password'))
      return row?.lockedUntil === null && Date.now()
    })
    await workshop.allDone()

    assert.ok(ended >= lockedUntil.getTime(), 'not before its time')
    const told = await workshop.db.select().from(notifications).where(eq(notifications.kind, 'lockout-ended'))
    assert.equal(told.length, 1)
  })
})
