// Every route that the router has: none takes an unsafe request from another site, and none is open to a browser of
// another stage. A new unsafe route must be added to FORMS.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { eq } from 'drizzle-orm'
import { createApp, stageRouters } from '../../src/app.ts'
import type { StageRouters } from '../../src/gate/gate.ts'
import { STAGES, type StageName } from '../../src/gate/stages.ts'
import { openOidc } from '../../src/oidc/open-oidc.ts'
import { openMetrics } from '../../src/ops/metrics.ts'
import { opsRoutes } from '../../src/ops/ops.routes.ts'
import { applicationSecrets } from '../../src/platform/db/schema/applications.ts'
import { clients } from '../../src/platform/db/schema/clients.ts'
import { lockouts } from '../../src/platform/db/schema/lockouts.ts'
import { outbox } from '../../src/platform/db/schema/outbox.ts'
import { mfaPolicies, roleGroups } from '../../src/platform/db/schema/role-groups.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { openQueueEngine, type QueueEngine } from '../../src/platform/outbox/queues.ts'
import { HOUR } from '../../src/platform/time/durations.ts'
import { SigningKeys } from '../../src/signing-keys/signing-keys.ts'
import { addApplication, registrationForm } from '../support/applications.ts'
import { type Browser, DEMO_PASSWORD, type Fields, keyOn } from '../support/browser.ts'
import { ADMIN, Cast, DESK, DESK2, EVIDENCE, OPERATOR } from '../support/cast.ts'
import { checksumsOf } from '../support/database-contents.ts'
import { eventually } from '../support/eventually.ts'
import { addLogo, SVG } from '../support/logos.ts'
import { type Route, routesOf } from '../support/routes.ts'

let cast: Cast
let queues: QueueEngine
let byStage: StageRouters
before(async () => {
  cast = await Cast.assemble([ADMIN, DESK, OPERATOR], [])
  const { deps } = cast.app
  queues = openQueueEngine(deps.config, deps.log)
  byStage = stageRouters(
    deps,
    opsRoutes(deps, queues, openMetrics(deps, queues)),
    openOidc(deps, new SigningKeys(deps)),
  )
  // BullMQ makes its tables at the first use, which may take longer than a page waits for it.
  await eventually('BullMQ is ready', async () => (await operator().get('/ops/queues')).status === 200)
})
after(async () => {
  await queues?.close()
  await cast?.app.close()
})

const nameOf = ({ method, path }: Route) => `${method} ${path}`

/** Every route of every stage, once. */
function everyRoute(): Route[] {
  const all = STAGES.flatMap(({ name }) => routesOf(byStage[name]))
  return [...new Map(all.map((route) => [nameOf(route), route])).values()]
}

interface Form {
  /** Of a user who may send it. */
  browser: Browser
  path: string
  fields?: Fields
  /** A form with a file; then `fields` are sent in this format. */
  multipart?: true
  file?: string
  /** The answer to our own page; a redirect by default. */
  status?: number
  /** It is accepted but changes nothing. */
  changesNothing?: true
}

const admin = () => cast.as(ADMIN)
const desk = () => cast.as(DESK)
const operator = () => cast.as(OPERATOR)
const NEW_PASSWORD = 'a new password that is long enough'
const REASON = { reason: 'It was asked for' }

const colleague = () => cast.people.add('Harbour Group', ['finance-operator'])

async function signedInColleague() {
  const { id, email } = await colleague()
  const browser = cast.app.browser()
  assert.equal((await browser.signInWithPassword(email)).location, '/')
  return { id, email, browser }
}

async function enrolledColleague() {
  const { id, email } = await cast.people.add('Harbour Group', ['tech-operator'])
  return { id, email, secret: await cast.people.enrol(id) }
}

async function enrollingBrowser(): Promise<Browser> {
  const { email } = await cast.people.add('Harbour Group', ['tech-operator'])
  const browser = cast.app.browser()
  assert.equal((await browser.signInWithPassword(email)).location, '/mfa/enrol')
  await browser.scanKey()
  return browser
}

async function verifyingBrowser(): Promise<Browser> {
  const { email, secret } = await enrolledColleague()
  const browser = Object.assign(cast.app.browser(), { secret })
  assert.equal((await browser.signInWithPassword(email)).location, '/mfa/verify')
  return browser
}

async function changingDevice(): Promise<Browser> {
  const { browser } = await signedInColleague()
  await browser.post('/account/authenticator', { password: DEMO_PASSWORD })
  browser.secret = keyOn((await browser.get('/account/authenticator')).body)
  return browser
}

async function invited(): Promise<string> {
  const fields = cast.people.newcomer()
  assert.equal((await admin().post('/users', fields)).status, 303)
  return (await cast.app.userNamed(fields.email ?? '')).id
}

async function emailChangeLink(): Promise<string> {
  const { id } = await colleague()
  const email = `moved${++moved}@test.example`
  assert.equal((await admin().post(`/users/${id}/profile`, { email })).status, 303)
  return cast.people.emailChangeLink(id)
}
let moved = 0

/** The id of a case that an agent opened. */
async function caseOf(email: string): Promise<string> {
  return (await cast.people.addCase((await cast.app.userNamed(email)).id)).id
}

/** A draft of an act on several people. */
async function selected(): Promise<string> {
  const { location } = await send({
    browser: admin(),
    path: '/users/bulk',
    fields: { action: 'disable', userId: (await colleague()).id },
  })
  assert.match(location ?? '', /^\/users\/bulk\//)
  return location ?? ''
}

async function uploaded(): Promise<string> {
  const lines = `email,name,roleGroups\nupload${++uploads}@test.example,Una Upload,finance-operator`
  const { location } = await send({
    browser: admin(),
    path: '/users/import',
    fields: { lines },
    multipart: true,
  })
  assert.match(location ?? '', /^\/users\/import\//)
  return location ?? ''
}
let uploads = 0

/** A client account without users. */
async function emptyAccount(values: Partial<typeof clients.$inferInsert> = {}): Promise<string> {
  const name = `Account ${++accounts}`
  const [row] = await cast.app.deps.db
    .insert(clients)
    .values({ name, ...values })
    .returning()
  assert.ok(row)
  return row.id
}
let accounts = 0

/** An application with OpenID Connect, and the id of its secret. */
async function application(values: { disabledAt?: Date } = {}): Promise<{ id: string; secretId: string }> {
  const { db } = cast.app.deps
  const { id } = await addApplication(db, { name: `Application ${++applications}`, ...values })
  const [secret] = await db.select().from(applicationSecrets).where(eq(applicationSecrets.applicationId, id))
  assert.ok(secret)
  return { id, secretId: secret.id }
}
let applications = 0

const applicationForm = () => ({ ...registrationForm(), ...EVIDENCE })

/** The id of a job that waits for its time in a queue. */
async function delayedJob(): Promise<string> {
  const queue = await queues.queue('notifications')
  const job = await queue.add('send-notification', {}, { delay: HOUR })
  assert.ok(job.id)
  return job.id
}

/** The page at which a browser is, if an application asks for a new authentication. */
async function interactionOf(browser: Browser): Promise<string> {
  const redirectUri = 'https://application.example/callback'
  const name = `Application ${++applications}`
  const { id } = await addApplication(cast.app.deps.db, { name, redirectUris: [redirectUri] })
  const asked = new URLSearchParams({
    client_id: id,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'openid',
    prompt: 'login',
    code_challenge: 'a'.repeat(43),
    code_challenge_method: 'S256',
  })
  const { location } = await browser.get(`/oidc/auth?${asked}`)
  assert.match(location ?? '', /^\/oidc\/interaction\//)
  cast.app.clock.advance(1)
  return location ?? ''
}

/** A form for every unsafe route, sent by a user who may send it, each time with something to change. */
const FORMS: Record<string, () => Promise<Form>> = {
  'POST /sign-in': async () => ({
    browser: cast.app.browser(),
    path: '/sign-in',
    fields: { email: (await colleague()).email, password: DEMO_PASSWORD },
  }),
  'POST /activate/:token': async () => ({
    browser: cast.app.browser(),
    path: await cast.people.invitationLink(await invited()),
    fields: { password: NEW_PASSWORD },
  }),
  'POST /forgot-password': async () => ({
    browser: cast.app.browser(),
    path: '/forgot-password',
    fields: { email: (await colleague()).email },
    status: 200,
  }),
  'POST /reset-password/:token': async () => {
    const { email } = await colleague()
    await cast.app.browser().post('/forgot-password', { email })
    const path = await cast.people.passwordResetLink(email)
    return { browser: cast.app.browser(), path, fields: { password: NEW_PASSWORD } }
  },
  'POST /sign-out': async () => ({ browser: (await signedInColleague()).browser, path: '/sign-out' }),
  'POST /mfa/enrol': async () => {
    const browser = await enrollingBrowser()
    return { browser, path: '/mfa/enrol', fields: { code: browser.code() } }
  },
  'POST /mfa/enrol/restart': async () => ({ browser: await enrollingBrowser(), path: '/mfa/enrol/restart' }),
  'POST /mfa/verify': async () => {
    const browser = await verifyingBrowser()
    return { browser, path: '/mfa/verify', fields: { code: browser.code() } }
  },
  'POST /reset-requests': async () => ({ browser: await verifyingBrowser(), path: '/reset-requests' }),
  'POST /account/password': async () => ({
    browser: (await signedInColleague()).browser,
    path: '/account/password',
    fields: { currentPassword: DEMO_PASSWORD, password: NEW_PASSWORD },
  }),
  'POST /account/email': async () => ({
    browser: (await signedInColleague()).browser,
    path: '/account/email',
    fields: { email: 'own@test.example', password: DEMO_PASSWORD },
  }),
  'POST /confirm-email/:token': async () => ({ browser: cast.app.browser(), path: await emailChangeLink() }),
  'POST /account/sessions/:id/end': async () => {
    const { email, browser } = await signedInColleague()
    await cast.app.browser().signInWithPassword(email)
    const page = (await browser.get('/account')).body
    const [, other] = page.match(/\/account\/sessions\/[^/"]+\/end(?=")/g) ?? []
    assert.ok(other)
    return { browser, path: other }
  },
  'POST /account/sessions/end-others': async () => ({
    browser: (await signedInColleague()).browser,
    path: '/account/sessions/end-others',
  }),
  'POST /account/known-browsers/end-all': async () => ({
    browser: (await signedInColleague()).browser,
    path: '/account/known-browsers/end-all',
  }),
  'POST /account/known-browsers/:id/end': async () => {
    const { browser } = await signedInColleague()
    const [path] =
      (await browser.get('/account')).body.match(/\/account\/known-browsers\/[0-9a-f-]{36}\/end/) ?? []
    assert.ok(path)
    return { browser, path }
  },
  'POST /account/authenticator': async () => ({
    browser: (await signedInColleague()).browser,
    path: '/account/authenticator',
    fields: { password: DEMO_PASSWORD },
  }),
  'POST /account/authenticator/restart': async () => ({
    browser: await changingDevice(),
    path: '/account/authenticator/restart',
  }),
  'POST /account/authenticator/cancel': async () => ({
    browser: await changingDevice(),
    path: '/account/authenticator/cancel',
  }),
  'POST /account/authenticator/confirm': async () => {
    const browser = await changingDevice()
    return { browser, path: '/account/authenticator/confirm', fields: { code: browser.code() } }
  },
  'POST /mfa-policy/reminders': async () => ({ browser: admin(), path: '/mfa-policy/reminders' }),
  'POST /users': async () => ({ browser: admin(), path: '/users', fields: cast.people.newcomer() }),
  'POST /users/import': async () => ({
    browser: admin(),
    path: '/users/import',
    fields: { lines: 'email,name,roleGroups\nuna@test.example,Una Upload,finance-operator' },
    multipart: true,
  }),
  'POST /users/import/:id/look': async () => ({
    browser: admin(),
    path: `${await uploaded()}/look`,
    changesNothing: true,
  }),
  'POST /users/import/:id': async () => ({ browser: admin(), path: await uploaded() }),
  'POST /users/bulk': async () => ({
    browser: admin(),
    path: '/users/bulk',
    fields: { action: 'disable', userId: (await colleague()).id },
  }),
  'POST /users/bulk/:id': async () => ({
    browser: admin(),
    path: await selected(),
    fields: { reason: 'The season is over' },
  }),
  'POST /users/:id/profile': async () => ({
    browser: admin(),
    path: `/users/${(await colleague()).id}/profile`,
    fields: { name: 'Another Name' },
  }),
  'POST /users/:id/role-groups': async () => ({
    browser: admin(),
    path: `/users/${(await colleague()).id}/role-groups`,
    fields: { roleGroups: 'finance-manager', ...REASON },
  }),
  'POST /users/:id/unlock': async () => {
    const { id } = await colleague()
    const now = cast.app.clock.now()
    await cast.app.deps.db.insert(lockouts).values({
      subject: id,
      kind: 'password',
      failedAt: [now],
      lockedAt: now,
      lockedUntil: new Date(now.getTime() + HOUR),
      updatedAt: now,
    })
    return { browser: admin(), path: `/users/${id}/unlock`, fields: REASON }
  },
  'POST /users/:id/sessions/end': async () => ({
    browser: admin(),
    path: `/users/${(await signedInColleague()).id}/sessions/end`,
    fields: REASON,
  }),
  'POST /users/:id/disable': async () => ({
    browser: admin(),
    path: `/users/${(await colleague()).id}/disable`,
    fields: REASON,
  }),
  'POST /users/:id/enable': async () => {
    const { id } = await colleague()
    await cast.app.deps.db.update(users).set({ status: 'disabled' }).where(eq(users.id, id))
    return { browser: admin(), path: `/users/${id}/enable`, fields: REASON }
  },
  'POST /users/:id/erase': async () => {
    const { id, email } = await colleague()
    await cast.app.deps.db.update(users).set({ status: 'disabled' }).where(eq(users.id, id))
    return { browser: admin(), path: `/users/${id}/erase`, fields: { ...REASON, typedAddress: email } }
  },
  'POST /users/:id/invitation': async () => ({
    browser: admin(),
    path: `/users/${await invited()}/invitation`,
    fields: REASON,
  }),
  'POST /users/:id/invitation/withdraw': async () => ({
    browser: admin(),
    path: `/users/${await invited()}/invitation/withdraw`,
    fields: REASON,
  }),
  'POST /users/:id/mfa-reset': async () => ({
    browser: admin(),
    path: `/users/${(await enrolledColleague()).id}/mfa-reset`,
    fields: REASON,
  }),
  'POST /mfa-policy': async () => ({
    browser: admin(),
    path: '/mfa-policy',
    fields: ['admin', 'tech-operator', 'tech-admin'].map((key) => ['roleGroups', key]),
  }),
  'POST /clients/:id/mfa-policy': async () => ({
    browser: desk(),
    path: `/clients/${await emptyAccount()}/mfa-policy`,
    fields: { roleGroups: 'tech-operator', ...EVIDENCE },
  }),
  'POST /approvals/:id': async () => ({
    browser: desk(),
    path: `/approvals/${await caseOf(DESK2)}`,
    fields: { decision: 'approve' },
  }),
  'POST /approvals/:id/withdraw': async () => ({
    browser: desk(),
    path: `/approvals/${await caseOf(DESK)}/withdraw`,
  }),
  'POST /clients': async () => ({
    browser: desk(),
    path: '/clients',
    fields: {
      name: 'Lantern Bank',
      adminEmail: 'admin@lantern.example',
      adminName: 'Ada Lantern',
      ...EVIDENCE,
    },
  }),
  'POST /clients/:id/name': async () => ({
    browser: desk(),
    path: `/clients/${await emptyAccount()}/name`,
    fields: { name: 'Another Name', ...EVIDENCE },
  }),
  'POST /clients/:id/support': async () => ({
    browser: desk(),
    path: `/clients/${await emptyAccount()}/support`,
    fields: { supportText: 'Weekdays 9 to 17', ...EVIDENCE },
  }),
  'POST /clients/:id/time-zone': async () => ({
    browser: desk(),
    path: `/clients/${await emptyAccount()}/time-zone`,
    fields: { timeZone: 'Europe/Berlin', ...EVIDENCE },
  }),
  'POST /clients/:id/logo': async () => ({
    browser: desk(),
    path: `/clients/${await emptyAccount()}/logo`,
    multipart: true,
    file: SVG,
  }),
  'POST /clients/:id/logo/publish': async () => {
    const clientId = await emptyAccount()
    const logo = await addLogo(cast.app.deps.db, clientId)
    return { browser: desk(), path: `/clients/${clientId}/logo/publish`, fields: { logo, ...EVIDENCE } }
  },
  'POST /clients/:id/logo/remove': async () => {
    const clientId = await emptyAccount()
    await addLogo(cast.app.deps.db, clientId)
    return { browser: desk(), path: `/clients/${clientId}/logo/remove`, fields: EVIDENCE }
  },
  'POST /clients/:id/suspend': async () => ({
    browser: desk(),
    path: `/clients/${await emptyAccount()}/suspend`,
    fields: EVIDENCE,
  }),
  'POST /clients/:id/resume': async () => ({
    browser: desk(),
    path: `/clients/${await emptyAccount({ suspendedAt: cast.app.clock.now() })}/resume`,
    fields: EVIDENCE,
  }),
  'POST /applications': async () => ({
    browser: desk(),
    path: '/applications',
    fields: applicationForm(),
    // The answer shows the secret.
    status: 200,
  }),
  'POST /applications/:id/change': async () => ({
    browser: desk(),
    path: `/applications/${(await application()).id}/change`,
    fields: applicationForm(),
  }),
  'POST /applications/:id/accounts': async () => {
    const clientId = await emptyAccount()
    return {
      browser: desk(),
      path: `/applications/${(await application()).id}/accounts`,
      fields: { shown: clientId, clients: clientId, ...EVIDENCE },
    }
  },
  'POST /applications/:id/disable': async () => ({
    browser: desk(),
    path: `/applications/${(await application()).id}/disable`,
    fields: EVIDENCE,
  }),
  'POST /applications/:id/enable': async () => ({
    browser: desk(),
    path: `/applications/${(await application({ disabledAt: new Date(0) })).id}/enable`,
    fields: EVIDENCE,
  }),
  'POST /applications/:id/secrets': async () => ({
    browser: desk(),
    path: `/applications/${(await application()).id}/secrets`,
    fields: EVIDENCE,
    status: 200,
  }),
  'POST /applications/:id/secrets/:secret/end': async () => {
    const { id, secretId } = await application()
    return { browser: desk(), path: `/applications/${id}/secrets/${secretId}/end`, fields: EVIDENCE }
  },
  'POST /ops/outbox/retry': async () => {
    await cast.app.deps.db
      .insert(outbox)
      .values({ job: 'send-notification', payload: {}, failedAt: new Date() })
    return { browser: operator(), path: '/ops/outbox/retry' }
  },
  'POST /oidc/interaction/:uid': async () => {
    const { browser } = await signedInColleague()
    const path = await interactionOf(browser)
    return { browser, path, fields: { presence: DEMO_PASSWORD } }
  },
  'POST /ops/jobs/:queue/retry': async () => ({
    browser: operator(),
    path: '/ops/jobs/notifications/retry',
    changesNothing: true,
  }),
  'POST /ops/jobs/:queue/:job/retry': async () => ({
    browser: operator(),
    path: `/ops/jobs/notifications/${await delayedJob()}/retry`,
    // Only failed jobs are retried; other tests cover that.
    status: 409,
    changesNothing: true,
  }),
  'POST /ops/jobs/:queue/:job/remove': async () => ({
    browser: operator(),
    path: `/ops/jobs/notifications/${await delayedJob()}/remove`,
  }),
  'POST /ops/jobs/:queue/:job/promote': async () => ({
    browser: operator(),
    path: `/ops/jobs/notifications/${await delayedJob()}/promote`,
  }),
}

/** Sends a form with these headers beside its own. */
async function send(
  form: Form,
  headers: Record<string, string> = { 'sec-fetch-site': 'same-origin' },
  method = 'POST',
) {
  const { browser, path, fields = {}, multipart, file } = form
  const body = multipart ? new FormData() : new URLSearchParams()
  for (const [name, value] of Array.isArray(fields) ? fields : Object.entries(fields))
    body.append(name, value)
  if (file && body instanceof FormData) body.append('file', new File([file], 'file'))
  const encoded = new Response(body)
  return browser.request(method, path, {
    headers: { 'content-type': encoded.headers.get('content-type') ?? '', ...headers },
    body: new Uint8Array(await encoded.arrayBuffer()),
  })
}

const SAFE_METHODS = ['GET', 'HEAD']
const FROM_ELSEWHERE: Record<string, Record<string, string>> = {
  'cross-site': { 'sec-fetch-site': 'cross-site' },
  'same-site': { 'sec-fetch-site': 'same-site' },
  'neither header': {},
  'a foreign Origin': { origin: 'https://evil.example' },
  'a null Origin': { origin: 'null' },
}

test('every unsafe route has a form here, and every route of the contract is found', () => {
  const found = everyRoute()
  const unsafe = found.filter(({ method }) => !SAFE_METHODS.includes(method) && method !== 'ALL').map(nameOf)

  assert.deepEqual(unsafe.sort(), Object.keys(FORMS).sort())
  const names = found.map(nameOf)
  for (const read of [
    ...['/', '/sign-in', '/activate/:token', '/forgot-password', '/reset-password/:token', '/mfa/enrol'],
    ...['/mfa/verify', '/account', '/users', '/clients/:id/users', '/users/:id', '/mfa-policy', '/clients'],
    ...[
      '/clients/:id/mfa-policy',
      '/clients/:id',
      '/audit',
      '/clients/:id/audit',
      '/users.csv',
      '/clients/:id/users.csv',
      '/audit.csv',
      '/audit.ndjson',
    ],
    ...['/service-desk', '/approvals', '/approvals/:id', '/ops', '/ops/metrics'],
    ...['/applications', '/applications/:id'],
  ])
    assert.ok(names.includes(`GET ${read}`), read)
})

test('the routes in front of the gate are these', () => {
  const app = createApp(cast.app.deps, { queues })

  assert.deepEqual(routesOf(app.router).map(nameOf), [
    // For proxies, which ask with any method about every request.
    'ALL /auth-request',
    'ALL /forward-auth',
    'GET /static/htmx.min.js',
    'GET /.portcullis/static/htmx.min.js',
    'GET /healthz',
    'GET /readyz',
    // What pages show to visitors.
    'GET /logos/:hash.:type',
    // At the hosts of applications, and what proxies may not let pass.
    'ALL /auth-request',
    'ALL /forward-auth',
    'GET /.portcullis/begin',
    'GET /.portcullis/callback',
    'GET /.portcullis/sign-out',
    'POST /.portcullis/sign-out',
    // For applications, which authenticate with each request.
    'GET /oidc/.well-known/openid-configuration',
    'GET /oidc/jwks',
    'GET /oidc/me',
    'POST /oidc/token',
    'POST /oidc/token/introspection',
    'POST /oidc/token/revocation',
    'POST /oidc/request',
    'POST /oidc/me',
    // For browsers, behind the check of their origin.
    'GET /oidc/auth',
    'GET /oidc/auth/:uid',
    'GET /oidc/session/end',
    'GET /oidc/session/end/success',
    'POST /oidc/session/end/confirm',
  ])
})

describe('cross-site requests', () => {
  for (const [name, form] of Object.entries(FORMS))
    test(`${name} is refused from another site without any change, and accepted from our own page`, async () => {
      const [method = ''] = name.split(' ')
      const { sql } = cast.app.deps
      const sent = await form()
      const untouched = await checksumsOf(sql)

      for (const [origin, headers] of Object.entries(FROM_ELSEWHERE)) {
        const { status, headers: answered } = await send(sent, headers, method)
        assert.equal(status, 403, origin)
        assert.deepEqual(answered.getSetCookie(), [], origin)
      }

      assert.deepEqual(await checksumsOf(sql), untouched)
      const accepted = await send(sent, undefined, method)
      assert.equal(accepted.status, sent.status ?? 303, accepted.body)
      if (!sent.changesNothing)
        assert.notDeepEqual(await checksumsOf(sql), untouched, 'it would have changed something')
    })
})

/** Routes that are open before sign-in, written down anew, not taken from the router. */
const OPEN: Record<Exclude<StageName, 'signed-in'>, { page: string; open: string[] }> = {
  'signed-out': {
    page: '/sign-in',
    open: [
      '/sign-in',
      '/activate/:token',
      '/forgot-password',
      '/reset-password/:token',
      '/confirm-email/:token',
    ].flatMap((path) => [`GET ${path}`, `POST ${path}`]),
  },
  enrol: { page: '/mfa/enrol', open: ['GET /mfa/enrol', 'POST /mfa/enrol', 'POST /mfa/enrol/restart'] },
  verify: { page: '/mfa/verify', open: ['GET /mfa/verify', 'POST /mfa/verify', 'POST /reset-requests'] },
}
const OPEN_TO_ALL = 'POST /sign-out'
/** Routes that every signed-in user may open: their own pages, and one that redirects to a page which is refused. */
const OPEN_TO_SIGNED_IN = [
  'GET /',
  'GET /account',
  'GET /sign-out',
  'GET /account/authenticator',
  'GET /account/email',
  'GET /confirm-email/:token',
  'POST /confirm-email/:token',
  'POST /users/import/:id/look',
  'GET /oidc/interaction/:uid',
  'POST /oidc/interaction/:uid',
]

/** One role group for each rule that the gate and the routes know. */
const KINDS_OF_GROUP = ['tech-operator', 'admin', 'service-desk', 'operator']

describe('the routes of another stage', () => {
  /** An existing row for each parameter of a path. */
  let there: [RegExp, string][]
  let groups: (typeof roleGroups.$inferSelect)[]

  before(async () => {
    const { db } = cast.app.deps
    const all = await db.select().from(roleGroups)
    groups = all.filter(({ key }) => KINDS_OF_GROUP.includes(key))
    assert.equal(groups.length, KINDS_OF_GROUP.length)
    const clientId = await cast.people.clientId('Harbour Group')
    await db
      .insert(mfaPolicies)
      .values(all.filter(({ ofPlatform }) => !ofPlatform).map(({ id }) => ({ clientId, roleGroupId: id })))
      .onConflictDoNothing()
    const { id, email } = await enrolledColleague()
    const { id: applicationId, secretId } = await application()
    await cast.app.browser().post('/forgot-password', { email })
    there = [
      [/^\/activate\/:token/, await cast.people.invitationLink(await invited())],
      [/^\/reset-password\/:token/, await cast.people.passwordResetLink(email)],
      [/^\/confirm-email\/:token/, await emailChangeLink()],
      [/^\/users\/import\/:id/, await uploaded()],
      [/^\/users\/bulk\/:id/, await selected()],
      [/^\/approvals\/:id/, `/approvals/${await caseOf(DESK2)}`],
      [/^\/users\/:id/, `/users/${id}`],
      [/^\/clients\/:id/, `/clients/${clientId}`],
      [/^\/applications\/:id/, `/applications/${applicationId}`],
      [/:secret/, secretId],
      [/^\/account\/sessions\/:id/, '/account/sessions/of-somebody'],
      [/^\/account\/known-browsers\/:id/, `/account/known-browsers/${id}`],
      [/:uid/, 'none'],
      [/:queue\/:job/, `notifications/${await delayedJob()}`],
      [/:queue/, 'notifications'],
    ]
  })

  /** A path that leads somewhere. */
  function filledIn(path: string): string {
    const filled = there.reduce((so, [part, real]) => so.replace(part, real), path)
    assert.doesNotMatch(filled, /:/, 'each parameter has something to stand for it')
    return filled
  }

  /** Tries them a few at a time, as a browser would load what is on a page. */
  async function eachOf(routes: readonly Route[], tryOne: (route: Route) => Promise<void>): Promise<void> {
    const left = [...routes]
    const tryNext = async () => {
      for (let route = left.pop(); route; route = left.pop()) await tryOne(route)
    }
    await Promise.all([tryNext(), tryNext(), tryNext(), tryNext()])
  }

  function ask(browser: Browser, { method, path }: Route) {
    if (method === 'GET') return browser.get(filledIn(path))
    return send({ browser, path: filledIn(path), fields: { code: '123456' } }, undefined, method)
  }

  /** A new user of one role group who has given the password, with or without an authenticator. */
  async function halfway({ key, ofPlatform }: { key: string; ofPlatform: boolean }, enrolled: boolean) {
    const { id, email } = await cast.people.add(ofPlatform ? 'Portcullis Platform' : 'Harbour Group', [key])
    const secret = enrolled ? await cast.people.enrol(id) : null
    const browser = Object.assign(cast.app.browser(), { secret })
    assert.equal((await browser.signInWithPassword(email)).location, enrolled ? '/mfa/verify' : '/mfa/enrol')
    return browser
  }

  /** A person who comes from an application goes back to it after sign-in. */
  const ARRIVALS = ['GET /access', 'GET /oidc/interaction/:uid']

  /** Tries every route that is not open at a stage: each must lead to the stage's own page and change nothing. */
  async function assertHeld(browser: Browser, stage: keyof typeof OPEN, who: string) {
    const { page, open } = OPEN[stage]
    const closed = everyRoute()
      .filter(({ method }) => method !== 'ALL')
      .filter((route) => ![...open, OPEN_TO_ALL].includes(nameOf(route)))
    assert.ok(closed.length > 50)
    const untouched = await checksumsOf(cast.app.deps.sql)

    await eachOf(closed, async (route) => {
      const { status, location } = await ask(browser, route)
      assert.equal(status, 303, `${who}: ${nameOf(route)}`)
      const [path, next] = (location ?? '').split('?next=')
      assert.equal(path, page, `${who}: ${nameOf(route)}`)
      const leadsBack = stage === 'signed-out' || ARRIVALS.includes(nameOf(route))
      assert.ok(next === undefined || leadsBack, `${who}: ${nameOf(route)}`)
    })

    assert.deepEqual(await checksumsOf(cast.app.deps.sql), untouched)
  }

  test('a browser that is signed out is sent to sign in from every route', async () => {
    await assertHeld(cast.app.browser(), 'signed-out', 'a signed-out browser')
  })

  test('a user of each kind who has to enrol is sent to enrolment from every route', async () => {
    for (const group of groups) await assertHeld(await halfway(group, false), 'enrol', group.key)
  })

  test('a user of each kind who has to verify is sent to the MFA prompt from every route', async () => {
    for (const group of groups) await assertHeld(await halfway(group, true), 'verify', group.key)
  })

  test('a signed-in user of each kind is sent to the dashboard from the pages of the other stages', async () => {
    const pages = Object.values(OPEN)
      .flatMap(({ open }) => open)
      .filter((name) => !OPEN_TO_SIGNED_IN.includes(name))
    for (const group of groups) {
      const browser = await halfway(group, true)
      assert.equal((await browser.verify()).location, '/')

      for (const route of everyRoute().filter((route) => pages.includes(nameOf(route)))) {
        const { status, location } = await ask(browser, route)
        assert.deepEqual([status, location], [303, '/'], `${group.key}: ${nameOf(route)}`)
      }
    }
  })

  test('a user whose role group administers nothing is refused on every route but those of their own account', async () => {
    const pages = Object.values(OPEN).flatMap(({ open }) => open)
    const administration = routesOf(byStage['signed-in'])
      .filter(({ method }) => method !== 'ALL')
      .filter(({ path }) => !path.startsWith('/account/'))
      .filter((route) => ![...pages, ...OPEN_TO_SIGNED_IN, OPEN_TO_ALL].includes(nameOf(route)))
    assert.ok(administration.length > 40)
    const browser = await halfway({ key: 'tech-operator', ofPlatform: false }, true)
    assert.equal((await browser.verify()).location, '/')

    await eachOf(administration, async (route) => {
      const { status } = await ask(browser, route)
      assert.ok([403, 404].includes(status), `${nameOf(route)}: ${status}`)
    })
  })
})
