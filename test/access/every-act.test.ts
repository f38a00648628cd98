// What holds for every act: its session must still be there, and the audit log has the time at which it held its locks.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { asc, eq, ne } from 'drizzle-orm'
import { stageRouters } from '../../src/app.ts'
import type { StageRouters } from '../../src/gate/gate.ts'
import { openOidc } from '../../src/oidc/open-oidc.ts'
import { openMetrics } from '../../src/ops/metrics.ts'
import { opsRoutes } from '../../src/ops/ops.routes.ts'
import { applicationSecrets } from '../../src/platform/db/schema/applications.ts'
import { auditEvents } from '../../src/platform/db/schema/audit-events.ts'
import { clients } from '../../src/platform/db/schema/clients.ts'
import { knownBrowsers } from '../../src/platform/db/schema/known-browsers.ts'
import { lockouts } from '../../src/platform/db/schema/lockouts.ts'
import { outbox } from '../../src/platform/db/schema/outbox.ts'
import { openQueueEngine, type QueueEngine } from '../../src/platform/outbox/queues.ts'
import { MINUTE, SECOND } from '../../src/platform/time/durations.ts'
import { SigningKeys } from '../../src/signing-keys/signing-keys.ts'
import { startApp, type TestApp } from '../support/app.ts'
import { addApplication, registrationForm } from '../support/applications.ts'
import { awaitWaiters } from '../support/await-waiters.ts'
import { type Answer, type Browser, DEMO_PASSWORD, keyOn } from '../support/browser.ts'
import { holdBackPost } from '../support/held-back-post.ts'
import { addLogo } from '../support/logos.ts'
import { People, type Status } from '../support/people.ts'
import { routesOf } from '../support/routes.ts'
import { handleOf } from '../support/session-handle.ts'

const EVIDENCE = { reason: 'Phone lost on the train', ticket: 'DESK-4711', identifiedBy: 'video' }
const ACCOUNT = 'Meridian Foods'

let app: TestApp
let people: People
let queues: QueueEngine
let routers: StageRouters

before(async () => {
  app = await startApp({ ADDRESS_ATTEMPTS: '100000' })
  people = new People(app)
  const { deps } = app
  queues = openQueueEngine(deps.config, deps.log)
  routers = stageRouters(
    deps,
    opsRoutes(deps, queues, openMetrics(deps, queues)),
    openOidc(deps, new SigningKeys(deps)),
  )
})
after(async () => {
  await queues.close()
  await app.close()
})

interface Actor {
  id: string
  email: string
  /** Whose request is held back. */
  browser: Browser
}
interface Act {
  name: string
  /** As the router has it. */
  route: string
  /** False: the job that follows records it. */
  recordedAtOnce?: boolean
  /** The status after a success; by default 303. */
  done?: number
  /** False: it is over before anything is judged. */
  refusedOnRecord?: boolean
  by: 'admin' | 'service-desk' | 'operator'
  /** Makes what the act is about; returns how it is asked for. */
  prepare: (actor: Actor) => Promise<{ path: string; fields?: Record<string, string> }>
}

const onUser =
  (act: string, fields: Record<string, string>, made: () => Promise<{ id: string }>) => async () => ({
    path: `/users/${(await made()).id}/${act}`,
    fields,
  })
const onClient = (act: string, suspended: boolean) => async () => ({
  path: `/clients/${await newClient(suspended)}/${act}`,
  fields: { ...EVIDENCE, name: `Renamed ${randomUUID()}`, supportText: 'Weekdays', timeZone: 'UTC' },
})
const applicationForm = () => ({ ...registrationForm(), ...EVIDENCE })
const onApplication =
  (
    act: string,
    fields: () => Record<string, string> = () => EVIDENCE,
    values: { disabledAt?: Date } = {},
  ): Act['prepare'] =>
  async () => {
    const { id } = await addApplication(app.deps.db, { name: `Application ${randomUUID()}`, ...values })
    return { path: `/applications/${id}/${act}`, fields: fields() }
  }
const user = (status?: Status) => people.add(ACCOUNT, ['finance-operator'], status)

const ACTS: readonly Act[] = [
  {
    name: 'an MFA reset',
    route: '/users/:id/mfa-reset',
    by: 'admin',
    prepare: onUser('mfa-reset', EVIDENCE, enrolledUser),
  },
  {
    name: 'an MFA reset by the Service Desk',
    route: '/users/:id/mfa-reset',
    by: 'service-desk',
    prepare: onUser('mfa-reset', EVIDENCE, enrolledUser),
  },
  {
    name: 'lifting a lock',
    route: '/users/:id/unlock',
    by: 'admin',
    prepare: onUser('unlock', EVIDENCE, lockedUser),
  },
  {
    name: 'ending all sessions of a user',
    route: '/users/:id/sessions/end',
    by: 'admin',
    prepare: onUser('sessions/end', EVIDENCE, user),
  },
  {
    name: 'disabling a user',
    route: '/users/:id/disable',
    by: 'admin',
    prepare: onUser('disable', EVIDENCE, user),
  },
  {
    name: 'enabling a user',
    route: '/users/:id/enable',
    by: 'admin',
    prepare: onUser('enable', EVIDENCE, () => user('disabled')),
  },
  {
    name: 'changing a profile',
    route: '/users/:id/profile',
    by: 'admin',
    prepare: onUser('profile', { name: 'Another Name' }, user),
  },
  {
    name: 'erasing a person',
    route: '/users/:id/erase',
    by: 'admin',
    prepare: async () => {
      const { id, email } = await user('disabled')
      return { path: `/users/${id}/erase`, fields: { ...EVIDENCE, typedAddress: email } }
    },
  },
  {
    name: 'asking for another address of a user',
    route: '/users/:id/profile',
    by: 'admin',
    prepare: onUser('profile', { email: 'moved@test.example' }, user),
  },
  {
    name: 'asking for another address of one’s own',
    route: '/account/email',
    by: 'admin',
    refusedOnRecord: false,
    prepare: async () => ({
      path: '/account/email',
      fields: { email: 'own@test.example', password: DEMO_PASSWORD },
    }),
  },
  {
    name: 'changing role groups',
    route: '/users/:id/role-groups',
    by: 'admin',
    prepare: onUser('role-groups', { roleGroups: 'finance-manager' }, user),
  },
  {
    name: 'an invitation',
    route: '/users',
    by: 'admin',
    prepare: async () => ({ path: '/users', fields: people.newcomer() }),
  },
  {
    name: 'reminding everyone of MFA',
    route: '/mfa-policy/reminders',
    by: 'admin',
    prepare: async () => ({ path: '/mfa-policy/reminders' }),
  },
  {
    name: 'sending an invitation again',
    route: '/users/:id/invitation',
    by: 'admin',
    prepare: onUser('invitation', {}, () => user('invited')),
  },
  {
    name: 'withdrawing an invitation',
    route: '/users/:id/invitation/withdraw',
    by: 'admin',
    prepare: onUser('invitation/withdraw', {}, () => user('invited')),
  },
  {
    name: 'confirming a file of people to invite',
    route: '/users/import/:id',
    by: 'admin',
    recordedAtOnce: false,
    prepare: async ({ browser }) => ({ path: await draftedImport(browser) }),
  },
  {
    name: 'confirming an act on several people',
    route: '/users/bulk/:id',
    by: 'admin',
    prepare: async ({ browser }) => {
      const fields = { action: 'disable', userId: (await user('active')).id }
      const { location } = await browser.post('/users/bulk', fields)
      assert.ok(location)
      return { path: location, fields: EVIDENCE }
    },
  },
  {
    name: 'a change of the MFA policy',
    route: '/mfa-policy',
    by: 'admin',
    prepare: async () => {
      await app.deps.sql`delete from mfa_policies where client_id = ${await people.clientId(ACCOUNT)}`
      return { path: '/mfa-policy', fields: { roleGroups: 'tech-admin' } }
    },
  },
  {
    name: 'a change of another account’s MFA policy',
    route: '/clients/:id/mfa-policy',
    by: 'service-desk',
    prepare: async () => ({
      path: `/clients/${await newClient(false)}/mfa-policy`,
      fields: { ...EVIDENCE, roleGroups: 'tech-operator' },
    }),
  },
  {
    name: 'approving what another agent asked for',
    route: '/approvals/:id',
    by: 'service-desk',
    prepare: async () => {
      const { id } = await people.addCase((await app.userNamed('desk@platform.example')).id)
      return { path: `/approvals/${id}`, fields: { decision: 'approve' } }
    },
  },
  {
    name: 'withdrawing what one asked for',
    route: '/approvals/:id/withdraw',
    by: 'service-desk',
    prepare: async ({ email }) => {
      const { id } = await people.addCase((await app.userNamed(email)).id)
      return { path: `/approvals/${id}/withdraw` }
    },
  },
  {
    name: 'asking that a user becomes Admin',
    route: '/users/:id/role-groups',
    by: 'service-desk',
    prepare: onUser('role-groups', { ...EVIDENCE, roleGroups: 'admin' }, user),
  },
  {
    name: 'a new client account',
    route: '/clients',
    by: 'service-desk',
    prepare: async () => {
      const { email = '', name = '' } = people.newcomer()
      return { path: '/clients', fields: { name: `Client of ${name}`, adminEmail: email, adminName: name } }
    },
  },
  {
    name: 'renaming a client account',
    route: '/clients/:id/name',
    by: 'service-desk',
    prepare: onClient('name', false),
  },
  {
    name: 'setting the support contact of a client account',
    route: '/clients/:id/support',
    by: 'service-desk',
    prepare: onClient('support', false),
  },
  {
    name: 'setting the time zone of a client account',
    route: '/clients/:id/time-zone',
    by: 'service-desk',
    prepare: onClient('time-zone', false),
  },
  {
    name: 'showing the logo of a client account',
    route: '/clients/:id/logo/publish',
    by: 'service-desk',
    prepare: async () => {
      const clientId = await newClient(false)
      const logo = await addLogo(app.deps.db, clientId)
      return { path: `/clients/${clientId}/logo/publish`, fields: { ...EVIDENCE, logo } }
    },
  },
  {
    name: 'removing the logo of a client account',
    route: '/clients/:id/logo/remove',
    by: 'service-desk',
    prepare: async () => {
      const clientId = await newClient(false)
      await addLogo(app.deps.db, clientId)
      return { path: `/clients/${clientId}/logo/remove`, fields: EVIDENCE }
    },
  },
  {
    name: 'suspending a client account',
    route: '/clients/:id/suspend',
    by: 'service-desk',
    prepare: onClient('suspend', false),
  },
  {
    name: 'resuming a client account',
    route: '/clients/:id/resume',
    by: 'service-desk',
    prepare: onClient('resume', true),
  },
  {
    name: 'registering an application',
    route: '/applications',
    by: 'service-desk',
    // The answer shows the secret.
    done: 200,
    prepare: async () => ({ path: '/applications', fields: applicationForm() }),
  },
  {
    name: 'changing an application',
    route: '/applications/:id/change',
    by: 'service-desk',
    prepare: onApplication('change', applicationForm),
  },
  {
    name: 'choosing the accounts of an application',
    route: '/applications/:id/accounts',
    by: 'service-desk',
    prepare: async (actor) => {
      const clientId = await newClient(false)
      return onApplication('accounts', () => ({ ...EVIDENCE, shown: clientId, clients: clientId }))(actor)
    },
  },
  {
    name: 'disabling an application',
    route: '/applications/:id/disable',
    by: 'service-desk',
    prepare: onApplication('disable'),
  },
  {
    name: 'enabling an application',
    route: '/applications/:id/enable',
    by: 'service-desk',
    prepare: onApplication('enable', () => EVIDENCE, { disabledAt: new Date(0) }),
  },
  {
    name: 'making a secret for an application',
    route: '/applications/:id/secrets',
    by: 'service-desk',
    done: 200,
    prepare: onApplication('secrets'),
  },
  {
    name: 'ending a secret of an application',
    route: '/applications/:id/secrets/:secret/end',
    by: 'service-desk',
    prepare: async () => {
      const { id } = await addApplication(app.deps.db, { name: `Application ${randomUUID()}` })
      const [secret] = await app.deps.db
        .select()
        .from(applicationSecrets)
        .where(eq(applicationSecrets.applicationId, id))
      return { path: `/applications/${id}/secrets/${secret?.id}/end`, fields: EVIDENCE }
    },
  },
  {
    name: 'retrying failed work',
    route: '/ops/outbox/retry',
    by: 'operator',
    prepare: async () => {
      const now = app.clock.now()
      const payload = { mfaResetId: '01890000-0000-7000-8000-000000000000' }
      await app.deps.db
        .insert(outbox)
        .values({ job: 'complete-mfa-reset', payload, failedAt: now, failure: 'x' })
      return { path: '/ops/outbox/retry' }
    },
  },
  {
    name: 'a change of one’s own password',
    route: '/account/password',
    by: 'admin',
    refusedOnRecord: false,
    prepare: async () => ({
      path: '/account/password',
      fields: { currentPassword: DEMO_PASSWORD, password: 'a password that nobody has yet' },
    }),
  },
  {
    name: 'ending one’s other sessions',
    route: '/account/sessions/end-others',
    by: 'admin',
    prepare: async ({ email }) => {
      await signIn(email)
      return { path: '/account/sessions/end-others' }
    },
  },
  {
    name: 'ending one of one’s other sessions',
    route: '/account/sessions/:id/end',
    by: 'admin',
    prepare: async ({ email }) => {
      return { path: `/account/sessions/${handleOf(await signIn(email))}/end` }
    },
  },
  {
    name: 'ending one’s known browsers',
    route: '/account/known-browsers/end-all',
    by: 'admin',
    prepare: async () => ({ path: '/account/known-browsers/end-all' }),
  },
  {
    name: 'ending one of one’s known browsers',
    route: '/account/known-browsers/:id/end',
    by: 'admin',
    prepare: async ({ id }) => {
      const [known] = await app.deps.db.select().from(knownBrowsers).where(eq(knownBrowsers.userId, id))
      return { path: `/account/known-browsers/${known?.id}/end` }
    },
  },
  {
    name: 'setting up an authenticator',
    route: '/account/authenticator',
    by: 'admin',
    refusedOnRecord: false,
    prepare: async () => ({ path: '/account/authenticator', fields: { password: DEMO_PASSWORD } }),
  },
  {
    name: 'beginning with an authenticator anew',
    route: '/account/authenticator/restart',
    by: 'admin',
    refusedOnRecord: false,
    prepare: async ({ browser }) => {
      await browser.post('/account/authenticator', { password: DEMO_PASSWORD })
      return { path: '/account/authenticator/restart' }
    },
  },
  {
    name: 'confirming an authenticator',
    route: '/account/authenticator/confirm',
    by: 'admin',
    refusedOnRecord: false,
    prepare: async ({ browser }) => {
      await browser.post('/account/authenticator', { password: DEMO_PASSWORD })
      const page = await browser.get('/account/authenticator')
      browser.secret = keyOn(page.body)
      return { path: '/account/authenticator/confirm', fields: { code: browser.code() } }
    },
  },
]

const LIKE_FAILED_WORK = 'asOperator judges it as it judges retrying failed work, and BullMQ is changed'

/** The unsafe routes of signed-in users that are no acts here, and why. */
const NO_ACTS: Record<string, string> = {
  '/confirm-email/:token': 'the link alone decides, whoever is signed in',
  '/sign-out': 'it ends its own session',
  '/users/import': 'a draft invites no one',
  '/clients/:id/logo': 'a draft is shown to no one else',
  '/users/bulk': 'a draft acts on no one',
  '/users/import/:id/look': 'it shows the draft, and records that',
  '/account/authenticator/cancel': 'it ends only what its own session began, as the end of the session does',
  '/oidc/interaction/:uid': 'it only proves who is there, as the step-up that is an act here',
  '/ops/jobs/:queue/retry': LIKE_FAILED_WORK,
  '/ops/jobs/:queue/:job/retry': LIKE_FAILED_WORK,
  '/ops/jobs/:queue/:job/remove': LIKE_FAILED_WORK,
  '/ops/jobs/:queue/:job/promote': LIKE_FAILED_WORK,
}

test('every unsafe route of signed-in users is an act here, or has a reason not to be', () => {
  const unsafe = routesOf(routers['signed-in'])
    .filter(({ method }) => !['GET', 'HEAD', 'ALL'].includes(method))
    .map(({ path }) => path)

  const listed = [...ACTS.map(({ route }) => route), ...Object.keys(NO_ACTS)]
  assert.deepEqual([...new Set(unsafe)].sort(), [...new Set(listed)].sort())
})

/** Of the rest a sign-out is enough: what ends a session deletes its row. */
const TRIED_THOROUGHLY = [
  'an MFA reset',
  'an invitation',
  'a change of the MFA policy',
  'a change of one’s own password',
]

/** What ends the session whose request is held back. */
const ENDINGS: Record<string, (actor: Actor) => Promise<void>> = {
  'signed out': async ({ browser }) => {
    assert.equal((await browser.post('/sign-out')).location, '/sign-in')
  },
  'ended from the account page of another session': async ({ email, browser }) => {
    const other = await signIn(email)
    const answer = await other.post(`/account/sessions/${handleOf(browser)}/end`)
    assert.equal(answer.location, '/account')
  },
}

for (const { name, route, by, prepare, done = 303, recordedAtOnce = true, refusedOnRecord = true } of ACTS)
  describe(name, () => {
    const endings = Object.entries(ENDINGS).slice(0, TRIED_THOROUGHLY.includes(name) ? undefined : 1)
    for (const [ending, end] of endings)
      test(`the act changes nothing if its session was ${ending} while its body was held back`, async () => {
        const actor = await signedIn(by)
        const { path, fields = {} } = await prepare(actor)
        assert.match(path, new RegExp(`^${route.replace(/:[a-z]+/g, '[^/]+')}$`))
        const held = await holdBackPost(app, actor.browser, path, fields)
        await end(actor)
        const before = await everything()

        const answer = await held.finish()

        assert.doesNotMatch(answer.location ?? '', /sign-in/, 'the gate had let it in')
        assert.ok([303, 404, 409].includes(answer.status), String(answer.status))
        assert.deepEqual(await everything(), before)
        const refusals = (await events()).filter(
          ({ outcome, actorId }) => outcome === 'refused' && actorId === actor.id,
        )
        assert.deepEqual(
          refusals.map(({ details }) => details.refusal),
          refusedOnRecord ? ['signed-out'] : [],
        )
      })

    test('the act is done if its session still exists, and recorded with the time after its locks', async () => {
      const actor = await signedIn(by)
      const { path, fields = {} } = await prepare(actor)
      const held = await holdBackPost(app, actor.browser, path, fields)
      const [before, recordedBefore] = [await everything(), await events()]
      const { sql } = app.deps
      let acting: ReturnType<typeof held.finish> | undefined
      await sql.begin(async (first) => {
        await first`select from users where email = ${actor.email} for update`
        acting = held.finish()
        await awaitWaiters(sql)
        app.clock.advance(SECOND)
      })

      assert.equal((await acting)?.status, done)

      assert.notDeepEqual(await everything(), before)
      const recorded = (await events()).slice(recordedBefore.length)
      for (const { at } of recorded) assert.deepEqual(at, app.clock.now())
      assert.equal(recorded.length > 0, recordedAtOnce)
    })
  })

test('a reset waits for a code that is being accepted, and a later sign-out waits for the reset', async () => {
  const { browser } = await signedIn('admin')
  const { id } = await enrolledUser()
  const { sql } = app.deps
  let resetting: Promise<Answer> | undefined
  let leaving: Promise<Answer> | undefined
  await sql.begin(async (accepting) => {
    await accepting`select from authenticators where user_id = ${id} for update`
    resetting = browser.post(`/users/${id}/mfa-reset`, EVIDENCE)
    await awaitWaiters(sql, 1)
    leaving = browser.post('/sign-out')
    await awaitWaiters(sql, 2)
    app.clock.advance(SECOND)
  })

  assert.equal((await resetting)?.status, 303)
  assert.equal((await leaving)?.location, '/sign-in')

  const [reset] = await people.eventsOf(id, 'mfa-reset.requested')
  assert.deepEqual(reset?.at, app.clock.now())
})

/** A new person with this role group, signed in. */
async function signedIn(roleGroup: Act['by']): Promise<Actor> {
  const ofPlatform = roleGroup !== 'admin'
  const { id, email } = await people.add(ofPlatform ? 'Portcullis Platform' : ACCOUNT, [roleGroup])
  return { id, email, browser: await signIn(email, ofPlatform ? await people.enrol(id) : null) }
}

async function signIn(email: string, secret: Buffer | null = null): Promise<Browser> {
  const browser = Object.assign(app.browser(), { secret })
  const answer = secret ? await browser.signIn(email) : await browser.signInWithPassword(email)
  assert.equal(answer.location, '/')
  return browser
}

async function enrolledUser() {
  const added = await user()
  await people.enrol(added.id)
  return added
}

async function lockedUser() {
  const added = await user()
  const now = app.clock.now()
  await app.deps.db.insert(lockouts).values({
    subject: added.id,
    kind: 'password',
    repeats: 1,
    lockedAt: now,
    lockedUntil: new Date(now.getTime() + 15 * MINUTE),
    version: 1,
    updatedAt: now,
  })
  return added
}

async function newClient(suspended: boolean): Promise<string> {
  const now = app.clock.now()
  const [client] = await app.deps.db
    .insert(clients)
    .values({ name: `Client ${randomUUID()}`, createdAt: now, suspendedAt: suspended ? now : null })
    .returning()
  assert.ok(client)
  return client.id
}

async function draftedImport(browser: Browser): Promise<string> {
  const form = new FormData()
  const { email, name, roleGroups } = people.newcomer()
  form.set('lines', `email,name,roleGroups\n${email},${name},${roleGroups}\n`)
  const sent = new Request(app.origin, { method: 'POST', body: form })
  const { location } = await browser.request('POST', '/users/import', {
    headers: {
      'sec-fetch-site': 'same-origin',
      'content-type': sent.headers.get('content-type') ?? '',
    },
    body: new Uint8Array(await sent.arrayBuffer()),
  })
  assert.ok(location)
  return location
}

/** What is on record; not the password that some acts ask for, which is checked before them. */
function events() {
  return app.deps.db
    .select()
    .from(auditEvents)
    .where(ne(auditEvents.action, 'presence'))
    .orderBy(asc(auditEvents.id))
}

/** What acts change. Attempts are counted whatever becomes of them, and refusals are on record. */
const CHANGED = [
  'users',
  'clients',
  'memberships',
  'mfa_policies',
  'authenticators',
  'known_browsers',
  'applications',
  'application_clients',
  'application_role_groups',
  'application_secrets',
  'mfa_resets',
  'approvals',
  'client_logos',
  'invitations',
  'email_changes',
  'invitation_imports',
  'invitation_import_lines',
  'notifications',
  'outbox',
]

async function everything(): Promise<Record<string, unknown>> {
  const { sql } = app.deps
  const read = async (table: string) => {
    const [row] = await sql.unsafe(
      `select md5(string_agg(t::text, ' ' order by t::text)) as md5 from ${table} t`,
    )
    return [table, row?.md5] as const
  }
  const sessionIds = await sql`select id from sessions order by id`
  return {
    ...Object.fromEntries(await Promise.all(CHANGED.map(read))),
    sessions: sessionIds.map(({ id }) => id),
  }
}
