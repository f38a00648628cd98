// Every route that is read with GET, asked by every kind of person: GET and HEAD change nothing that is stored.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { eq } from 'drizzle-orm'
import { createApp, stageRouters } from '../../src/app.ts'
import { STAGES } from '../../src/gate/stages.ts'
import { openOidc } from '../../src/oidc/open-oidc.ts'
import { openMetrics } from '../../src/ops/metrics.ts'
import { opsRoutes } from '../../src/ops/ops.routes.ts'
import { applicationSecrets } from '../../src/platform/db/schema/applications.ts'
import { mfaPolicies, roleGroups } from '../../src/platform/db/schema/role-groups.ts'
import { openQueueEngine, type QueueEngine } from '../../src/platform/outbox/queues.ts'
import { HOUR, MINUTE, SECOND } from '../../src/platform/time/durations.ts'
import { SigningKeys } from '../../src/signing-keys/signing-keys.ts'
import { addApplication } from '../support/applications.ts'
import type { Browser } from '../support/browser.ts'
import {
  ADMIN,
  Cast,
  CHILD_ADMIN,
  CHILD_TECH,
  DESK,
  DESK2,
  FINANCE,
  FOREIGN_ADMIN,
  OPERATOR,
  TECH,
} from '../support/cast.ts'
import { checksumsOf } from '../support/database-contents.ts'
import { addLogo } from '../support/logos.ts'
import { routesOf } from '../support/routes.ts'

/** Prescribed as GET: they note the browser's session, an interaction or what was wrong with a request. */
const WRITING = /^\/oidc\/(auth|session)/

/** Besides refusals, a read may leave only this in the audit log. */
const READS_ON_RECORD = new Set(['audit.exported', 'users.exported', 'application.error'])

let cast: Cast
let queues: QueueEngine
let paths: string[]
before(async () => {
  cast = await Cast.assemble([ADMIN, CHILD_ADMIN, CHILD_TECH, DESK, OPERATOR], [FOREIGN_ADMIN, FINANCE])
  const { deps } = cast.app
  queues = openQueueEngine(deps.config, deps.log)
  // BullMQ makes its tables, and an entry for each queue, at the first use.
  const queue = await queues.queue('notifications')
  const job = await queue.add('send-notification', {}, { delay: HOUR })
  assert.ok(job.id)
  // The signing keys are made at the first use of the provider.
  for (const path of ['/ops', '/ops/queues', '/ops/queues/api/queues', '/oidc/jwks'])
    assert.equal((await cast.as(OPERATOR).get(path)).status, 200, path)
  const byStage = stageRouters(
    deps,
    opsRoutes(deps, queues, openMetrics(deps, queues)),
    openOidc(deps, new SigningKeys(deps)),
  )
  const app = createApp(deps, { queues })
  const logo = await addLogo(cast.app.deps.db, await cast.people.clientId('Meridian Foods'), 'public')
  const routes = [app.router, ...STAGES.map(({ name }) => byStage[name])].flatMap((router) =>
    routesOf(router),
  )
  paths = [...new Set(routes.filter(({ method }) => ['GET', 'ALL'].includes(method)).map(({ path }) => path))]
  paths = paths
    .filter((path) => !WRITING.test(path))
    .map((path) =>
      path
        .replace(':hash.:type', `${logo}.svg`)
        .replace(':queue/:job', `notifications/${job.id}`)
        .replace(':queue', 'notifications')
        .replace(':uid', 'none'),
    )
})
after(async () => {
  await queues?.close()
  await cast?.app.close()
})

/** Everything that is stored but when a session was last used, and the events of the audit log. */
async function stored() {
  const { sql } = cast.app.deps
  const {
    'public.sessions': _sessions,
    'public.audit_events': _events,
    'public.audit_unsealed': _unsealed,
    ...tables
  } = await checksumsOf(sql)
  const sessions =
    await sql`select to_jsonb(s) - 'touched_at' - 'expires_at' as row from sessions s order by id`
  const written = await sql<{ id: string; action: string; outcome: string }[]>`
    select id, action, outcome from audit_events order by id`
  const events = written.filter(
    ({ action, outcome }) => outcome !== 'refused' && !READS_ON_RECORD.has(action),
  )
  return { tables, sessions: [...sessions], events }
}

interface There {
  userId: string
  clientId: string
  approvalId: string
  applicationId: string
  secretId: string
  importPath: string
  bulkPath: string
  invitation: string
  reset: string
  emailChange: string
}

/** An existing row for each parameter of a path. */
async function there(account: string, email: string): Promise<There> {
  const { id } = await cast.app.userNamed(email)
  const forgetful = await cast.people.add('Harbour Group', ['finance-operator'])
  await cast.app.browser().post('/forgot-password', { email: forgetful.email })
  return {
    userId: id,
    clientId: await cast.people.clientId(account),
    approvalId: (await cast.people.addCase((await cast.app.userNamed(DESK2)).id)).id,
    ...(await application()),
    importPath: await uploadedDraft(),
    bulkPath: await bulkDraft(id),
    invitation: await cast.people.invitationLink('new.tech@harbour.example'),
    emailChange: await emailChangeLink(),
    reset: await cast.people.passwordResetLink(forgetful.email),
  }
}

/** The link in the mail to the new address of a person. */
async function emailChangeLink(): Promise<string> {
  const { id } = await cast.people.add('Harbour Group', ['finance-operator'])
  const fields = { email: `moved.${id}@test.example`, presence: cast.as(ADMIN).nextCode() }
  assert.equal((await cast.as(ADMIN).post(`/users/${id}/profile`, fields)).status, 303)
  return cast.people.emailChangeLink(id)
}

/** An application and its secret. */
async function application(): Promise<Pick<There, 'applicationId' | 'secretId'>> {
  const { db } = cast.app.deps
  const { id } = await addApplication(db, { name: `Application ${randomUUID()}` })
  const [secret] = await db.select().from(applicationSecrets).where(eq(applicationSecrets.applicationId, id))
  assert.ok(secret)
  return { applicationId: id, secretId: secret.id }
}

/** A draft of an act on several people. */
async function bulkDraft(userId: string): Promise<string> {
  const { location } = await cast.as(ADMIN).post('/users/bulk', { action: 'disable', userId })
  assert.match(location ?? '', /^\/users\/bulk\//)
  return location ?? ''
}

/** An uploaded draft that names a taken address and has not been opened yet. */
async function uploadedDraft(): Promise<string> {
  cast.app.clock.advance(11 * MINUTE)
  const body = new FormData()
  body.append('lines', `email,name,roleGroups\n${TECH},Theo Marchetti,finance-operator`)
  const encoded = new Response(body)
  const { location } = await cast.as(ADMIN).request('POST', '/users/import', {
    headers: {
      'sec-fetch-site': 'same-origin',
      'content-type': encoded.headers.get('content-type') ?? '',
    },
    body: new Uint8Array(await encoded.arrayBuffer()),
  })
  assert.match(location ?? '', /^\/users\/import\//)
  return location ?? ''
}

function filledIn(
  path: string,
  {
    userId,
    clientId,
    approvalId,
    applicationId,
    secretId,
    importPath,
    bulkPath,
    invitation,
    reset,
    emailChange,
  }: There,
): string {
  const filled = path
    .replace('/activate/:token', invitation)
    .replace('/reset-password/:token', reset)
    .replace('/confirm-email/:token', emailChange)
    .replace('/users/import/:id', importPath)
    .replace('/users/bulk/:id', bulkPath)
    .replace('/approvals/:id', `/approvals/${approvalId}`)
    .replace('/applications/:id', `/applications/${applicationId}`)
    .replace(':secret', secretId)
    .replace('/users/:id', `/users/${userId}`)
    .replace('/clients/:id', `/clients/${clientId}`)
  assert.doesNotMatch(filled, /:/, 'each parameter has something to stand for it')
  return filled
}

/** Asks for every path, a second after the last request, so that the session is touched as well. */
async function changesNothing(
  method: 'GET' | 'HEAD',
  browser: Browser,
  what: There,
): Promise<Map<string, number>> {
  const statuses = new Map<string, number>()
  const before = await stored()
  for (const path of paths) {
    cast.app.clock.advance(SECOND)
    const { status } = await browser.request(method, filledIn(path, what))
    statuses.set(path, status)
  }
  if (!isDeepStrictEqual(await stored(), before)) await assertEachChangesNothing(method, browser, what)
  assert.deepEqual(await stored(), before)
  return statuses
}

/** Asks again, one by one, to name the request that changes something. */
async function assertEachChangesNothing(
  method: 'GET' | 'HEAD',
  browser: Browser,
  what: There,
): Promise<void> {
  for (const path of paths) {
    const before = await stored()
    cast.app.clock.advance(SECOND)
    await browser.request(method, filledIn(path, what))
    assert.deepEqual(await stored(), before, `${method} ${path}`)
  }
}

async function enrolling(): Promise<Browser> {
  const { email } = await cast.people.add('Harbour Group', ['tech-operator'])
  const browser = cast.app.browser()
  assert.equal((await browser.signInWithPassword(email)).location, '/mfa/enrol')
  return browser
}

/** A user whose open session is held: their role group requires MFA from now on. */
async function stopped(): Promise<Browser> {
  const browser = cast.app.browser()
  const { email } = await cast.people.add('Meridian Foods', ['finance-manager'])
  assert.equal((await browser.signInWithPassword(email)).location, '/')
  const { db } = cast.app.deps
  const [group] = await db.select().from(roleGroups).where(eq(roleGroups.key, 'finance-manager'))
  assert.ok(group)
  await db
    .insert(mfaPolicies)
    .values({ clientId: await cast.people.clientId('Meridian Foods'), roleGroupId: group.id })
  return browser
}

async function verifying(): Promise<Browser> {
  const { id, email } = await cast.people.add('Harbour Group', ['tech-operator'])
  const browser = Object.assign(cast.app.browser(), { secret: await cast.people.enrol(id) })
  assert.equal((await browser.signInWithPassword(email)).location, '/mfa/verify')
  return browser
}

/** Who asks, about which account and which person in it, and one page that opens to them. */
const KINDS: [string, () => Promise<Browser>, string, string, string][] = [
  ['a browser that is signed out', async () => cast.app.browser(), 'Harbour Group', TECH, '/activate/:token'],
  ['a user who has to enrol', enrolling, 'Harbour Group', TECH, '/mfa/enrol'],
  [
    'a user whom a policy change has stopped',
    stopped,
    'Meridian Foods',
    'tech@meridian.example',
    '/mfa/enrol',
  ],
  ['a user who has to verify', verifying, 'Harbour Group', TECH, '/mfa/verify'],
  ['a user without MFA', () => cast.comeBack(FINANCE), 'Harbour Group', TECH, '/account'],
  ['a user with MFA', () => cast.comeBack(CHILD_TECH), 'Harbour Retail', CHILD_TECH, '/account'],
  ['an Admin', () => cast.comeBack(ADMIN), 'Harbour Group', TECH, '/users/import/:id'],
  [
    'an Admin who asks for an account below',
    () => cast.comeBack(ADMIN),
    'Harbour Retail',
    CHILD_TECH,
    '/clients/:id/users',
  ],
  [
    'an Admin who asks for an account above',
    () => cast.comeBack(CHILD_ADMIN),
    'Harbour Group',
    TECH,
    '/users',
  ],
  [
    'an Admin who asks for an unrelated account',
    () => cast.comeBack(FOREIGN_ADMIN),
    'Harbour Group',
    TECH,
    '/users',
  ],
  ['a Service Desk agent', () => cast.comeBack(DESK), 'Harbour Group', TECH, '/service-desk'],
  [
    'a Service Desk agent who asks for a case',
    () => cast.comeBack(DESK),
    'Harbour Group',
    TECH,
    '/approvals/:id',
  ],
  [
    'a Service Desk agent who asks for an application',
    () => cast.comeBack(DESK),
    'Harbour Group',
    TECH,
    '/applications/:id/secrets/:secret/end',
  ],
  ['an operator', () => cast.comeBack(OPERATOR), 'Harbour Group', TECH, '/ops'],
]

describe('requests that only read', () => {
  for (const [who, arrive, account, person, open] of KINDS)
    test(`no GET request of ${who} changes anything that is stored`, async () => {
      const what = await there(account, person)
      const browser = await arrive()

      const statuses = await changesNothing('GET', browser, what)

      const expected = open === '/users/import/:id' ? 401 : 200
      assert.equal(statuses.get(open), expected, `${open} was really asked for`)
      assert.ok(
        [...statuses.values()].every((status) => status < 500),
        'every answer was one of the pages',
      )
    })

  // A HEAD request runs what a GET request runs: the kinds that see most stand for the others.
  for (const email of [ADMIN, DESK, OPERATOR])
    test(`no HEAD request of ${email} changes anything that is stored`, async () => {
      const statuses = await changesNothing(
        'HEAD',
        await cast.comeBack(email),
        await there('Harbour Group', TECH),
      )

      assert.equal(statuses.get('/account'), 200)
    })

  test('the comparison sees what a form changes', async () => {
    const browser = await enrolling()
    const before = await stored()

    await browser.post('/mfa/enrol/restart')

    const after = await stored()
    assert.notDeepEqual(after.tables, before.tables)
    assert.notDeepEqual(after.events, before.events)
  })
})
