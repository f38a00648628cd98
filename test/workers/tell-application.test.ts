// Back-channel logout under failures: applications that refuse, hang or are gone, and a worker that dies.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { and, eq, isNotNull, isNull } from 'drizzle-orm'
import { endGrants } from '../../src/applications/end-grants.ts'
import { auditEvents } from '../../src/platform/db/schema/audit-events.ts'
import { clients } from '../../src/platform/db/schema/clients.ts'
import { oidcArtifacts, oidcGrants } from '../../src/platform/db/schema/oidc.ts'
import { outbox } from '../../src/platform/db/schema/outbox.ts'
import { sessions } from '../../src/platform/db/schema/sessions.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { HOUR } from '../../src/platform/time/durations.ts'
import { ensureSigningKeys } from '../../src/signing-keys/ensure-signing-keys.ts'
import { prioritise } from '../../workers/prioritise.ts'
import { addApplication } from '../support/applications.ts'
import { eventually } from '../support/eventually.ts'
import { addGrant } from '../support/grants.ts'
import { LogoutReceiver } from '../support/logout-receiver.ts'
import { builtModule, startProcess } from '../support/processes.ts'
import { onEachEngine, present, WorkerFixture } from './worker-fixture.ts'

const warnings: string[] = []
process.on('warning', ({ name, message }) => warnings.push(`${name}: ${message}`))

const WITH_SHORT_TIMES = builtModule('test/workers/worker-process.js')
/** Jobs of the queue that run at a time. */
const PLACES = 6

/** A session at an application, by default of Tess. */
async function enter(fixture: WorkerFixture, applicationId: string, userId = fixture.userId) {
  const now = fixture.clock.now()
  const at = { createdAt: now, touchedAt: now, expiresAt: new Date(now.getTime() + HOUR) }
  const id = randomUUID()
  await fixture.db.insert(sessions).values({ id, userId, data: { cookie: { originalMaxAge: null } }, ...at })
  return addGrant(fixture.deps, userId, applicationId, id)
}

const endSession = (fixture: WorkerFixture, sessionId: string) =>
  fixture.db.delete(sessions).where(eq(sessions.id, sessionId))

onEachEngine('back-channel logout', (fixture) => {
  const receivers: LogoutReceiver[] = []
  before(() => ensureSigningKeys(fixture.deps))
  after(() => {
    for (const receiver of receivers) receiver.stop()
  })

  async function addReceiver(given: Partial<Parameters<typeof addApplication>[1]> = {}) {
    const receiver = new LogoutReceiver(fixture.deps)
    await receiver.start()
    receivers.push(receiver)
    const name = `Application ${receivers.length}`
    const { id } = await addApplication(fixture.db, { name, backChannelLogoutUri: receiver.uri, ...given })
    return { receiver, id }
  }

  const grantOf = async (id: string) => {
    const [row] = await fixture.db.select().from(oidcGrants).where(eq(oidcGrants.id, id))
    return present(row)
  }

  const told = (id: string) => eventually('it is told', async () => (await grantOf(id)).toldAt)

  const timesRecorded = async (applicationId: string) => {
    const events = await fixture.db
      .select()
      .from(auditEvents)
      .where(eq(auditEvents.action, 'application.signed-out'))
    return events.filter(({ details }) => details.applicationId === applicationId).length
  }

  test('an application that answers 500 twice is told the third time, each time with another jti', async () => {
    const { receiver, id } = await addReceiver({ idTokenAlg: 'EdDSA' })
    receiver.answers.push(500, 500)
    const grant = await enter(fixture, id)
    await fixture.startWorker()

    await endSession(fixture, grant.sessionId)
    await told(grant.id)
    await fixture.allDone()

    const tokens = receiver.about(grant.sid)
    assert.equal(tokens.length, 3)
    assert.equal(new Set(tokens.map(({ claims }) => claims.jti)).size, 3)
    assert.deepEqual([...new Set(tokens.map(({ alg }) => alg))], ['EdDSA'])
    assert.equal(await timesRecorded(id), 1)
  })

  test('a redirect is no answer and is not followed; 204 is an answer', async () => {
    const { receiver, id } = await addReceiver()
    receiver.answers.push(302, 204)
    const grant = await enter(fixture, id)
    await fixture.startWorker()

    await endSession(fixture, grant.sessionId)
    await told(grant.id)

    assert.equal(receiver.requests, 2)
    assert.equal(receiver.about(grant.sid).length, 2)
  })

  test('an application that hangs does not hold back another one', async () => {
    const [dead, healthy] = [await addReceiver(), await addReceiver()]
    dead.receiver.hangs = 'at once'
    const lost = await Promise.all(Array.from({ length: 40 }, () => enter(fixture, dead.id)))
    const others = [await enter(fixture, healthy.id), await enter(fixture, healthy.id)] as const
    await fixture.startWorker()

    for (const { sessionId } of lost) await endSession(fixture, sessionId)
    await eventually('the dead one is asked', () => dead.receiver.requests > 0)
    await endSession(fixture, others[0].sessionId)
    await told(others[0].id)
    // All places may be taken for once.
    assert.ok(dead.receiver.requests <= 2 * PLACES, `after ${dead.receiver.requests} requests`)
    const before = dead.receiver.requests
    await endSession(fixture, others[1].sessionId)
    await told(others[1].id)

    // From then on the dead one is asked once at a time.
    assert.ok(dead.receiver.requests - before <= PLACES, `after ${dead.receiver.requests - before} more`)
    for (const { id } of lost) assert.equal((await grantOf(id)).toldAt, null)
    await fixture.stopWorkers()
    await fixture.db.update(outbox).set({ doneAt: new Date() })
  })

  test('a worker that dies between the answer and its commit tells twice, with another jti, and records once', async () => {
    const { receiver, id } = await addReceiver()
    receiver.hangs = 'verified'
    const grant = await enter(fixture, id)
    const killed = startProcess(WITH_SHORT_TIMES, fixture.environment)
    await killed.ready

    await endSession(fixture, grant.sessionId)
    await eventually('the token has arrived', () => receiver.about(grant.sid).length === 1)
    killed.kill('SIGKILL')
    await killed.ended
    receiver.hangs = null
    await fixture.startWorker()
    await told(grant.id)

    const tokens = receiver.about(grant.sid)
    assert.equal(tokens.length, 2)
    assert.equal(new Set(tokens.map(({ claims }) => claims.jti)).size, 2)
    assert.equal(await timesRecorded(id), 1)
  })

  test('an application without a back-channel address is not told, and unknown grants do no harm', async () => {
    const { id } = await addApplication(fixture.db, { name: 'Quiet' })
    const grant = await enter(fixture, id)
    await fixture.startWorker()

    await endSession(fixture, grant.sessionId)
    await fixture.db.insert(outbox).values([
      { job: 'tell-application', payload: { grantId: grant.id } },
      { job: 'tell-application', payload: { grantId: randomUUID() } },
      { job: 'tell-application', payload: { grantId: 'not an id' } },
      { job: 'end-grants', payload: { of: 'user', id: 'not an id' } },
      { job: 'end-grants', payload: { of: 'client', id: randomUUID() } },
    ])
    await fixture.allDone()

    assert.equal((await grantOf(grant.id)).toldAt, null)
    assert.equal(await timesRecorded(id), 0)
  })
})

test('the queues of a worker give no warning of a leak', () => {
  assert.deepEqual(
    warnings.filter((warning) => warning.includes('MaxListenersExceeded')),
    [],
  )
})

describe('ending grants', () => {
  const fixture = new WorkerFixture('postgres')
  before(() => fixture.open())
  after(() => fixture.close())

  test('the grants of a disabled application end in batches with their tokens, and those of another one stay', async () => {
    const MANY = 1200
    const uri = { backChannelLogoutUri: 'http://127.0.0.1:9/' }
    const disabled = await addApplication(fixture.db, { name: 'Off', disabledAt: new Date(), ...uri })
    const other = await addApplication(fixture.db, { name: 'On' })
    for (const { id } of [disabled, other]) await addCrowd(fixture, id, MANY)
    await fixture.startWorker({ backoff: () => 60_000 })

    await fixture.db
      .insert(outbox)
      .values({ job: 'end-grants', payload: { of: 'application', id: disabled.id } })
    const of = (id: string) => eq(oidcGrants.applicationId, id)
    await eventually(
      'all have ended',
      async () => (await fixture.db.$count(oidcGrants, isNotNull(oidcGrants.endedAt))) === MANY,
    )

    const rows = await fixture.db.select().from(oidcGrants).where(of(other.id))
    assert.equal(rows.filter(({ endedAt }) => endedAt !== null).length, 0)
    assert.equal(await fixture.db.$count(oidcArtifacts), MANY)
    assert.equal(await fixture.db.$count(outbox, eq(outbox.job, 'tell-application')), MANY)
  })

  test('each account has a share of its own at each application, and a burst of one delays no other', async () => {
    const uri = { backChannelLogoutUri: 'http://127.0.0.1:9/' }
    const [busy, quiet] = [
      await addApplication(fixture.db, { name: 'Busy', ...uri }),
      await addApplication(fixture.db, { name: 'Quiet', ...uri }),
    ]
    const [elsewhere] = await fixture.db.insert(clients).values({ name: 'Elsewhere' }).returning()
    const [neighbour] = await fixture.db
      .insert(users)
      .values({ clientId: present(elsewhere).id, email: 'noor@elsewhere.example', name: 'Noor' })
      .returning()
    const tell = async (userId: string, applicationId: string) => {
      const grant = await enter(fixture, applicationId, userId)
      return { id: randomUUID(), job: 'tell-application', payload: { grantId: grant.id }, dueAt: null }
    }
    const jobs = [
      await tell(fixture.userId, busy.id),
      await tell(fixture.userId, busy.id),
      await tell(fixture.userId, busy.id),
      await tell(present(neighbour).id, busy.id),
      await tell(fixture.userId, quiet.id),
    ]
    await fixture.db.insert(outbox).values(jobs)

    const prioritised = await prioritise(fixture.db, jobs)

    assert.deepEqual(
      prioritised.map(({ priority }) => priority - present(prioritised[0]).priority),
      [0, 1, 2, 0, 0],
    )
  })

  test('a run that has used up its time queues the job for the users that are left', async () => {
    const { id } = await addApplication(fixture.db, { name: 'Later', disabledAt: new Date() })
    await addCrowd(fixture, id, 600)

    await fixture.db.transaction((tx) => endGrants(fixture.deps, tx, { of: 'application', id }, 0))
    const open = and(eq(oidcGrants.applicationId, id), isNull(oidcGrants.endedAt))
    const leftOver = await fixture.db.$count(oidcGrants, open)
    const [next] = await fixture.db
      .select()
      .from(outbox)
      .where(and(eq(outbox.job, 'end-grants'), isNull(outbox.doneAt)))
    await fixture.startWorker()
    await eventually('all have ended', async () => (await fixture.db.$count(oidcGrants, open)) === 0)

    assert.equal(leftOver, 100)
    assert.equal(next?.payload.id, id)
    assert.ok(next.payload.after)
  })
})

/** Users with a session and a grant of an application, each with an access token. */
async function addCrowd(fixture: WorkerFixture, id: string, count: number): Promise<void> {
  await fixture.sql`
    with people as (
      insert into users (client_id, email, name, status, password_hash)
      select (select id from clients limit 1), ${id} || n || '@test.example', 'N', 'active', 'x' from generate_series(1, ${count}) n
      returning id
    ), here as (
      insert into sessions (id, user_id, data, created_at, touched_at, expires_at)
      select 's' || id, id, '{}', now(), now(), now() + interval '1 hour' from people returning id, user_id
    ), granted as (
      insert into oidc_grants (application_id, user_id, session_id, sid, payload, created_at, expires_at)
      select ${id}, user_id, id, id, '{}', now(), now() + interval '1 hour' from here returning id
    )
    insert into oidc_artifacts (model, id_hash, grant_id, payload, expires_at)
    select 'AccessToken', convert_to(id::text, 'UTF8'), id, '{}', now() + interval '1 hour' from granted`
}
