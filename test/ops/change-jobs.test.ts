// A change of a job and its record.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Queue } from 'bullmq'
import { desc, eq } from 'drizzle-orm'
import type { ActingSession } from '../../src/gate/acting-session.ts'
import { changeJob } from '../../src/ops/change-jobs.ts'
import { NO_REQUEST } from '../../src/platform/audit/record.ts'
import { Deadline, withDeadline } from '../../src/platform/db/deadline.ts'
import { auditEvents } from '../../src/platform/db/schema/audit-events.ts'
import { authenticators } from '../../src/platform/db/schema/authenticators.ts'
import { sessions } from '../../src/platform/db/schema/sessions.ts'
import { startApp, type TestApp } from '../support/app.ts'
import { awaitWaiters } from '../support/await-waiters.ts'

const OPERATOR = 'operator@platform.example'

let app: TestApp
before(async () => {
  app = await startApp()
  await app.browser().enrolAndSignIn(OPERATOR)
})
after(() => app.close())

/** An operator, signed in. */
async function signedInOperator(): Promise<ActingSession> {
  const { db, clock } = app.deps
  const { id: userId, sessionEpoch: epoch } = await app.userNamed(OPERATOR)
  const [session] = await db.select().from(sessions).orderBy(desc(sessions.createdAt))
  const [authenticator] = await db.select().from(authenticators).where(eq(authenticators.userId, userId))
  assert.ok(session && authenticator)
  const now = clock.now().getTime()
  const verified = { at: now, authenticatorId: authenticator.id }
  return { userId, epoch, passwordAt: now, sessionId: session.id, verified }
}

/** Retries a failed job. Returns how often the engine was asked to. */
async function retry(deadline: Deadline, onRetry: () => void = () => {}): Promise<number> {
  const actor = await signedInOperator()
  let retries = 0
  const job = {
    name: 'send-notification',
    getState: async () => 'failed',
    retry: async () => {
      retries += 1
      onRetry()
    },
  }
  const queue = { name: 'notifications', getJob: async () => job } as unknown as Queue
  const command = { actor, origin: NO_REQUEST, name: 'retry', jobId: 'j1' } as const
  await withDeadline(deadline, () => changeJob(app.deps, queue, command)).catch(() => {})
  return retries
}

const countRecords = () => app.deps.db.$count(auditEvents, eq(auditEvents.action, 'queue.job-retried'))

test('a change that the engine has made is recorded, although the time of its request has passed', async () => {
  const deadline = new Deadline()

  assert.equal(await retry(deadline, () => deadline.pass(new Error('too late'))), 1)

  assert.equal(await countRecords(), 1)
})

test('a change that waited until the time of its request has passed is not made and not recorded', async () => {
  const { sql } = app.deps
  const before = await countRecords()
  const deadline = new Deadline()
  let retrying: Promise<number> | undefined
  await sql.begin(async (holder) => {
    await holder`select from users where email = ${OPERATOR} for update`
    retrying = retry(deadline)
    await awaitWaiters(sql)
    deadline.pass(new Error('too late'))
  })

  assert.equal(await retrying, 0)
  assert.equal(await countRecords(), before)
})
