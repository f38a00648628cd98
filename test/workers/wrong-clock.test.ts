// The queues after the clock of a host was an hour ahead: BullMQ delays and repeats jobs by that clock.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eq } from 'drizzle-orm'
import { outbox } from '../../src/platform/db/schema/outbox.ts'
import { SCHEDULED_JOB_NAMES, SCHEDULED_JOBS, SCHEDULED_QUEUE } from '../../src/platform/outbox/jobs.ts'
import { HOUR, MINUTE } from '../../src/platform/time/durations.ts'
import { restoreJobs } from '../../workers/restore-jobs.ts'
import { scheduleJobs } from '../../workers/schedule-jobs.ts'
import { eventually } from '../support/eventually.ts'
import { onEachEngine, present } from './worker-fixture.ts'

onEachEngine('a wrong clock', (fixture) => {
  test('a mail that was delayed for an hour is sent soon, and a job that is due later stays delayed', async () => {
    await fixture.mailServer.stop()
    // As one whose clock is ahead.
    const { engine } = await fixture.startWorker({ backoff: () => HOUR })
    const { notificationId, outboxId } = await fixture.queueMail()
    const mails = await engine.queue('notifications')
    await eventually('its job is delayed', async () => (await mails.getJobState(outboxId)) === 'delayed')
    await fixture.stopWorkers()
    await fixture.mailServer.start()
    const later = await queueLater()

    const worker = await fixture.startWorker()
    await eventually('the mail is sent', () => fixture.sentAt(notificationId))
    const lockouts = await worker.engine.queue('lockouts')
    await eventually('the later job is queued', () => lockouts.getJob(later))
    await restoreJobs(fixture.db, worker.engine, fixture.clock.now(), 0)

    assert.equal(fixture.mailsAbout(notificationId).length, 1)
    assert.equal(await lockouts.getJobState(later), 'delayed')
    await fixture.db.delete(outbox).where(eq(outbox.id, later))
  })

  test('a repeated job whose next time is too late gets an earlier one, and the others keep theirs', async () => {
    const { engine } = await fixture.startWorker({ restoreEveryMs: HOUR })
    const queue = await engine.queue(SCHEDULED_QUEUE)
    const nextOf = async (name: string) => (await queue.getJobScheduler(name))?.next
    const nextTimes = () => Promise.all(SCHEDULED_JOB_NAMES.map(nextOf))
    await eventually('all are scheduled', async () => !(await nextTimes()).includes(undefined))
    const [sealing, daily] = ['seal-audit-events', 'remove-history'] as const
    const ahead = { every: SCHEDULED_JOBS[sealing], startDate: Date.now() + HOUR }
    await queue.removeJobScheduler(sealing)
    await queue.upsertJobScheduler(sealing, ahead, { name: sealing, opts: { attempts: 1 } })
    assert.ok(present(await nextOf(sealing)) > Date.now() + HOUR / 2)
    const before = await nextOf(daily)

    await scheduleJobs(engine)

    assert.ok(present(await nextOf(sealing)) <= Date.now() + MINUTE)
    assert.equal(await nextOf(daily), before)
  })

  /** A job that is due in half an hour. */
  async function queueLater(): Promise<string> {
    const [row] = await fixture.db
      .insert(outbox)
      .values({
        job: 'end-lockout',
        payload: { subject: fixture.userId, kind: 'code' },
        dueAt: new Date(Date.now() + HOUR / 2),
      })
      .returning({ id: outbox.id })
    return present(row).id
  }
})
