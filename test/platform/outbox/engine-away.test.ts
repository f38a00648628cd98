// The queue engine or the database goes away and comes back. No process ends, nothing is lost, and it is said once.
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { isNull, sql } from 'drizzle-orm'
import { outbox } from '../../../src/platform/db/schema/outbox.ts'
import { QUEUE_OF, QUEUES } from '../../../src/platform/outbox/jobs.ts'
import { openQueueEngine } from '../../../src/platform/outbox/queues.ts'
import { DAY, MINUTE } from '../../../src/platform/time/durations.ts'
import { restoreJobs } from '../../../workers/restore-jobs.ts'
import { eventually } from '../../support/eventually.ts'
import { REDIS_AVAILABLE, REDIS_INSTALLED, RedisServer } from '../../support/redis-server.ts'
import { onEachEngine, present, WorkerFixture } from '../../workers/worker-fixture.ts'

describe('Redis goes away and comes back', { skip: !REDIS_AVAILABLE }, () => {
  const fixture = new WorkerFixture('redis')
  const redis = present(fixture.redis)
  before(() => fixture.open())
  afterEach(async () => {
    redis.thaw()
    await fixture.stopWorkers()
    fixture.logged.length = 0
  })
  after(() => fixture.close())

  test('pending work is done when Redis is back, and the log says so without repeating every error', async () => {
    await fixture.startWorker()
    await fixture.queueMail()
    await fixture.allDone()

    await redis.stop()
    const queuedMails = [await fixture.queueMail(), await fixture.queueMail()]
    const away = () => fixture.linesSaying('queue engine is unreachable').length
    await eventually('the relay noticed', () => fixture.linesSaying('outbox cannot be relayed').length > 0)
    await eventually('the engine is missed', () => away() > 0)
    assert.equal(await fixture.db.$count(outbox, isNull(outbox.dispatchedAt)), 2)
    await redis.start()
    await fixture.allDone()

    for (const { notificationId } of queuedMails) assert.equal(fixture.mailsAbout(notificationId).length, 1)
    await eventually(
      'it says that it is back as often as that it is away',
      () => fixture.linesSaying('queue engine answers again').length === away(),
    )
    // More than once where one connection is back before another has noticed.
    assert.ok(away() <= QUEUES.length, `${away()} times`)
    assert.ok(fixture.linesSaying('outbox cannot be relayed').length <= 2)
  })

  test('a worker that starts before Redis waits for it', async () => {
    await redis.stop()
    await fixture.startWorker()
    const { notificationId } = await fixture.queueMail()
    await eventually(
      'the engine is missed',
      () => fixture.linesSaying('queue engine is unreachable').length > 0,
    )

    await redis.start()
    await fixture.allDone()

    assert.equal(fixture.mailsAbout(notificationId).length, 1)
  })

  test('a Redis that hangs blocks no request, and work goes on when it recovers', async () => {
    await fixture.startWorker()
    await fixture.queueMail()
    await fixture.allDone()

    redis.freeze()
    const { notificationId, outboxId } = await fixture.queueMail()
    await eventually('the relay gave up on it', () => fixture.linesSaying('cannot be relayed').length > 0)
    assert.equal((await fixture.rowOf(outboxId)).dispatchedAt, null)
    redis.thaw()
    await fixture.allDone()

    assert.equal(fixture.mailsAbout(notificationId).length, 1)
  })

  test('an emptied Redis gets everything back: waiting jobs, delayed jobs and the schedule', async () => {
    await fixture.mailServer.stop()
    const { engine } = await fixture.startWorker({ backoff: () => 200 })
    const { notificationId } = await fixture.queueMail()
    const dueAt = new Date(Date.now() + 45 * MINUTE)
    const later = { job: 'end-lockout', payload: { subject: fixture.userId, kind: 'code' }, dueAt }
    const [row] = await fixture.db.insert(outbox).values(later).returning({ id: outbox.id })
    const maintenance = await engine.queue('maintenance')
    const delayed = async () => (await engine.queue('lockouts')).getJob(present(row).id)
    await eventually('it is scheduled', () => maintenance.getJobScheduler('sweep-expired'))
    await eventually('the lockout waits', delayed)

    await redis.empty()
    await fixture.mailServer.start()
    await eventually('the mail is sent', () => fixture.sentAt(notificationId))
    const restored = await eventually('the lockout waits again', delayed)
    await eventually('the schedule is back', () => maintenance.getJobScheduler('sweep-expired'))

    assert.ok(Math.abs(restored.timestamp + restored.delay - dueAt.getTime()) < 1000)
    assert.equal(fixture.mailsAbout(notificationId).length, 1)
    await fixture.db.delete(outbox)
  })

  test('work that is due in days comes back when its time is near', async () => {
    const { engine } = await fixture.startWorker()
    const dueAt = new Date(Date.now() + 6 * DAY)
    const reminder = { job: 'remind-of-invitation', payload: { invitationId: fixture.userId }, dueAt }
    const [row] = await fixture.db.insert(outbox).values(reminder).returning({ id: outbox.id })
    const queued = async () => (await engine.queue(QUEUE_OF['remind-of-invitation'])).getJob(present(row).id)
    await eventually('it waits', queued)
    await redis.empty()

    await restoreJobs(fixture.db, engine, new Date(), 0)
    assert.equal(await queued(), undefined, 'not every half minute all are read')
    await restoreJobs(fixture.db, engine, new Date(dueAt.getTime() - 30 * MINUTE), 0)
    assert.ok(await queued())
    await fixture.db.delete(outbox)
  })

  test('a worker can be stopped while Redis is away', async () => {
    const worker = await fixture.startWorker()
    await fixture.queueMail()
    await fixture.allDone()

    await redis.stop()
    await worker.stop()

    await redis.start()
  })

  test('a Redis that may evict jobs is reported', { skip: !REDIS_INSTALLED }, async () => {
    const evicting = await new RedisServer(['--maxmemory-policy', 'allkeys-lru']).start()
    const engine = openQueueEngine({ ...fixture.config, REDIS_URL: evicting.url }, fixture.log)

    await engine.queue('notifications')

    const [line] = await eventually('it complains', () => {
      const lines = fixture.linesSaying('maxmemory-policy')
      return lines.length > 0 && lines
    })
    assert.equal(line?.level, 50)
    assert.equal(line?.policy, 'allkeys-lru')
    await engine.close()
    await evicting.stop()
  })
})

onEachEngine('connections are lost', (fixture) => {
  test('work goes on while every connection to the database is cut again and again', async () => {
    await fixture.startWorker()

    for (let round = 0; round < 8; round++) {
      await fixture.db
        .execute(
          sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
        )
        .catch(() => {})
      const { notificationId } = await eventually('the outbox takes it', () =>
        fixture.queueMail().catch(() => null),
      )
      await fixture.allDone(30_000)
      assert.equal(fixture.mailsAbout(notificationId).length, 1)
    }
  })
})
