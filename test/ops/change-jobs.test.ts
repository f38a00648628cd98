// A change of a job and its record.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Queue } from 'bullmq'
import { desc, eq } from 'drizzle-orm'
import { changeJob } from '../../src/ops/change-jobs.ts'
import { NO_REQUEST } from '../../src/platform/audit/record.ts'
import { Deadline, withDeadline } from '../../src/platform/db/deadline.ts'
import { auditEvents } from '../../src/platform/db/schema/audit-events.ts'
import { authenticators } from '../../src/platform/db/schema/authenticators.ts'
import { sessions } from '../../src/platform/db/schema/sessions.ts'
import { startApp, type TestApp } from '../support/app.ts'

const OPERATOR = 'operator@platform.example'

let app: TestApp
before(async () => {
  app = await startApp()
})
after(() => app.close())

test('a change that the engine has made is recorded, although the time of its request has passed', async () => {
  const { db, clock } = app.deps
  await app.browser().enrolAndSignIn(OPERATOR)
  const { id: userId, sessionEpoch: epoch } = await app.userNamed(OPERATOR)
  const [session] = await db.select().from(sessions).orderBy(desc(sessions.createdAt))
  const [authenticator] = await db.select().from(authenticators).where(eq(authenticators.userId, userId))
  assert.ok(session && authenticator)
  const now = clock.now().getTime()
  const verified = { at: now, authenticatorId: authenticator.id }
  const actor = { userId, epoch, passwordAt: now, sessionId: session.id, verified }
  const deadline = new Deadline()
  let retries = 0
  const job = {
    name: 'send-notification',
    getState: async () => 'failed',
    retry: async () => {
      retries += 1
      deadline.pass(new Error('too late'))
    },
  }
  const queue = { name: 'notifications', getJob: async () => job } as unknown as Queue

  await withDeadline(deadline, () =>
    changeJob(app.deps, queue, { actor, origin: NO_REQUEST, name: 'retry', jobId: 'j1' }),
  ).catch(() => {})

  assert.equal(retries, 1)
  assert.equal(await db.$count(auditEvents, eq(auditEvents.action, 'queue.job-retried')), 1)
})
