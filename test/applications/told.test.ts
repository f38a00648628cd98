// Back-channel logout: whatever ends a person's access to an application is told to it.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, beforeEach, describe, test } from 'node:test'
import { eq } from 'drizzle-orm'
import { readLiveGrant } from '../../src/applications/live-grants.queries.ts'
import { applications } from '../../src/platform/db/schema/applications.ts'
import { oidcArtifacts, oidcGrants } from '../../src/platform/db/schema/oidc.ts'
import { outbox } from '../../src/platform/db/schema/outbox.ts'
import { enqueue } from '../../src/platform/outbox/enqueue.ts'
import { ensureSigningKeys } from '../../src/signing-keys/ensure-signing-keys.ts'
import { type RunningWorker, startWorker } from '../../workers/start-worker.ts'
import { addApplication } from '../support/applications.ts'
import { type Browser, DEMO_PASSWORD } from '../support/browser.ts'
import { ADMIN, Cast, DESK, EVIDENCE, FOREIGN_ADMIN } from '../support/cast.ts'
import { eventually } from '../support/eventually.ts'
import { addGrant } from '../support/grants.ts'
import { LogoutReceiver } from '../support/logout-receiver.ts'
import { SHORT } from '../workers/short-times.ts'

describe('an application is told', () => {
  let cast: Cast
  let receiver: LogoutReceiver
  let worker: RunningWorker
  let applicationId: string

  before(async () => {
    cast = await Cast.assemble([ADMIN, DESK], [FOREIGN_ADMIN])
    await ensureSigningKeys(cast.app.deps)
    receiver = new LogoutReceiver(cast.app.deps)
    await receiver.start()
    worker = await startWorker(cast.app.deps, SHORT)
  })
  beforeEach(async () => {
    const name = `Ledger ${randomUUID()}`
    const added = await addApplication(cast.app.deps.db, { name, backChannelLogoutUri: receiver.uri })
    applicationId = added.id
  })
  after(async () => {
    await worker.stop()
    receiver.stop()
    await cast.app.close()
  })

  interface Visit {
    userId: string
    browser: Browser
    grant: Awaited<ReturnType<typeof addGrant>>
  }

  /** A new user who is signed in, with a code if enrolled, and has entered the application. */
  async function enter(
    account = 'Harbour Group',
    keys = ['finance-operator'],
    enrolled = false,
  ): Promise<Visit> {
    const user = await cast.people.add(account, keys)
    const browser = cast.app.browser()
    if (enrolled) browser.secret = await cast.people.enrol(user.id)
    const signedIn = enrolled
      ? await browser.signIn(user.email)
      : await browser.signInWithPassword(user.email)
    assert.equal(signedIn.location, '/', 'signed in')
    return { userId: user.id, browser, grant: await addGrant(cast.app.deps, user.id, applicationId) }
  }

  const isAlive = async ({ grant }: Visit) =>
    (await readLiveGrant(cast.app.deps, cast.app.deps.db, grant.id)) !== null

  const emailOf = async ({ userId }: Visit) => (await cast.people.byId(userId)).email

  const events: Record<string, { visit: () => Promise<Visit>; end: (visit: Visit) => Promise<unknown> }> = {
    'of a sign-out': { visit: enter, end: ({ browser }) => browser.post('/sign-out') },
    'of a session that is ended in another browser': {
      visit: enter,
      end: async (visit) => {
        const elsewhere = cast.app.browser()
        await elsewhere.signInWithPassword(await emailOf(visit))
        assert.equal((await elsewhere.post('/account/sessions/end-others')).status, 303)
      },
    },
    'of an MFA reset': {
      visit: () => enter('Harbour Group', ['tech-operator'], true),
      end: ({ userId }) => cast.as(ADMIN).post(`/users/${userId}/mfa-reset`, EVIDENCE),
    },
    'of a new password': {
      visit: enter,
      end: async (visit) => {
        const elsewhere = cast.app.browser()
        await elsewhere.signInWithPassword(await emailOf(visit))
        await elsewhere.post('/account/password', {
          currentPassword: DEMO_PASSWORD,
          password: 'quite another long passphrase',
        })
      },
    },
    'of a disabled user': {
      visit: enter,
      end: ({ userId }) => cast.as(ADMIN).post(`/users/${userId}/disable`, EVIDENCE),
    },
    'of a role group that now demands MFA': {
      visit: enter,
      end: ({ userId }) =>
        cast.as(ADMIN).post(`/users/${userId}/role-groups`, { roleGroups: 'tech-operator' }),
    },
    'of a policy that now demands MFA': {
      visit: () => enter('Meridian Foods', ['finance-manager']),
      end: () =>
        cast
          .as(FOREIGN_ADMIN)
          .post('/mfa-policy', { roleGroups: 'finance-manager', presence: DEMO_PASSWORD }),
    },
    'of a suspended account': {
      visit: () => enter('Meridian Foods', ['finance-operator']),
      end: async () => {
        const id = await cast.people.clientId('Meridian Foods')
        await cast.as(DESK).post(`/clients/${id}/suspend`, EVIDENCE)
      },
    },
    'when it is disabled': {
      visit: enter,
      end: () =>
        cast.app.deps.db.transaction(async (tx) => {
          const at = { disabledAt: cast.app.clock.now() }
          await tx.update(applications).set(at).where(eq(applications.id, applicationId))
          await enqueue(tx, 'end-grants', { of: 'application', id: applicationId })
        }),
    },
  }

  test('of nothing if a job is forged: a living grant stays alive, by whatever name the job is called', async () => {
    const visit = await enter('Harbour Group', ['tech-operator'], true)
    const { clientId } = await cast.people.byId(visit.userId)
    const forged = [
      { job: 'tell-application', payload: { grantId: visit.grant.id } },
      { job: 'end-grants', payload: { of: 'user', id: visit.userId } },
      { job: 'end-grants', payload: { of: 'client', id: clientId } },
      { job: 'end-grants', payload: { of: 'application', id: applicationId } },
    ]

    const added = await cast.app.deps.db.insert(outbox).values(forged).returning({ id: outbox.id })
    for (const { id } of added)
      await eventually('the job has run', async () => {
        const [row] = await cast.app.deps.db.select().from(outbox).where(eq(outbox.id, id))
        return row?.doneAt
      })

    assert.ok(await isAlive(visit))
    assert.equal(receiver.about(visit.grant.sid).length, 0)
    assert.equal(await cast.app.deps.db.$count(oidcArtifacts, eq(oidcArtifacts.grantId, visit.grant.id)), 1)
  })

  for (const [event, { visit: begin, end }] of Object.entries(events))
    test(`${event}, with a token that it can verify, and others are not`, async () => {
      const visit = await begin()
      const other = await enter()
      assert.ok(await isAlive(visit), 'alive before')

      await end(visit)

      assert.equal(await isAlive(visit), false, 'dead at once')
      const [token] = await eventually('it is told', () => {
        const tokens = receiver.about(visit.grant.sid)
        return tokens.length > 0 && tokens
      })
      assert.equal(token?.claims.sub, visit.userId)
      assert.equal(token?.claims.aud, applicationId)
      const [row] = await eventually('it is marked', async () => {
        const rows = await cast.app.deps.db.select().from(oidcGrants).where(eq(oidcGrants.id, visit.grant.id))
        return rows[0]?.toldAt && rows
      })
      assert.ok(row)
      const [recorded] = await cast.people.eventsOf(visit.userId, 'application.signed-out')
      assert.equal(recorded?.outcome, 'success')
      assert.equal(recorded?.details.applicationId, applicationId)
      assert.deepEqual(receiver.refused, [])
      if (event !== 'when it is disabled') {
        assert.ok(await isAlive(other))
        assert.equal(receiver.about(other.grant.sid).length, 0)
      }
    })
})
