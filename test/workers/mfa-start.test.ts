// The start of a requirement through the queue: not early, once among two workers, and late if no worker ran.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eq } from 'drizzle-orm'
import { auditEvents } from '../../src/platform/db/schema/audit-events.ts'
import { mfaPolicies, roleGroups } from '../../src/platform/db/schema/role-groups.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { enqueue } from '../../src/platform/outbox/enqueue.ts'
import { SECOND } from '../../src/platform/time/durations.ts'
import { onEachEngine, present, type WorkerFixture } from './worker-fixture.ts'

onEachEngine('the start of a requirement', (fixture) => {
  test('two workers record it once, and not before its time', async () => {
    const startsAt = await plan(fixture, 'finance-admin', SECOND)
    await Promise.all([fixture.startWorker(), fixture.startWorker()])
    await fixture.allDone()

    const [event, ...others] = await starts(fixture, 'finance-admin')
    assert.ok(present(event).at >= startsAt)
    assert.deepEqual(others, [])
  })

  test('a worker that comes late records it then', async () => {
    await plan(fixture, 'tech-admin', -5 * SECOND)
    await fixture.startWorker()
    await fixture.allDone()

    assert.equal((await starts(fixture, 'tech-admin')).length, 1)
  })

  test('a mail that asks to set up MFA is not sent to a person of whom it is not required', async () => {
    const { notificationId } = await fixture.queueMail<'mfa-reminder'>({ kind: 'mfa-reminder', facts: {} })
    await fixture.startWorker()
    await fixture.allDone()

    assert.deepEqual(fixture.mailsAbout(notificationId), [])
    assert.equal(await fixture.sentAt(notificationId), null)
  })
})

async function plan(fixture: WorkerFixture, key: string, inMs: number): Promise<Date> {
  const [user] = await fixture.db.select().from(users).where(eq(users.id, fixture.userId))
  const [group] = await fixture.db.select().from(roleGroups).where(eq(roleGroups.key, key))
  const { clientId } = present(user)
  const startsAt = new Date(fixture.clock.now().getTime() + inMs)
  await fixture.db.transaction(async (tx) => {
    await tx.insert(mfaPolicies).values({ clientId, roleGroupId: present(group).id, startsAt })
    await enqueue(tx, 'start-mfa-requirement', { clientId }, startsAt)
  })
  return startsAt
}

async function starts(fixture: WorkerFixture, key: string) {
  const events = await fixture.db
    .select()
    .from(auditEvents)
    .where(eq(auditEvents.action, 'mfa-policy.started'))
  return events.filter(({ details }) => JSON.stringify(details.added) === JSON.stringify([key]))
}
