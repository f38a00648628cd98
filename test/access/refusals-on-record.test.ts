// Every refusal of a known person is an audit event, reads included.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { and, asc, eq } from 'drizzle-orm'
import { v7 as uuidv7 } from 'uuid'
import { stageRouters } from '../../src/app.ts'
import { openOidc } from '../../src/oidc/open-oidc.ts'
import { openMetrics } from '../../src/ops/metrics.ts'
import { opsRoutes } from '../../src/ops/ops.routes.ts'
import { auditEvents } from '../../src/platform/db/schema/audit-events.ts'
import { openQueueEngine, type QueueEngine } from '../../src/platform/outbox/queues.ts'
import { SigningKeys } from '../../src/signing-keys/signing-keys.ts'
import {
  ADMIN,
  Cast,
  CHILD_TECH,
  DESK,
  EVIDENCE,
  FINANCE,
  FOREIGN_ADMIN,
  OPERATOR,
  TECH,
} from '../support/cast.ts'
import { routesOf } from '../support/routes.ts'

/** What every signed-in user may open, or is led home from. */
const OPEN = [
  '/',
  '/account',
  '/account/authenticator',
  '/account/email',
  '/confirm-email/:token',
  '/sign-in',
  '/activate/:token',
  '/forgot-password',
  '/reset-password/:token',
  '/mfa/enrol',
  '/mfa/enrol/restart',
  '/mfa/verify',
  '/reset-requests',
  '/oidc/interaction/:uid',
  '/sign-out',
]
/** An id that nothing has. */
const NOTHING = uuidv7()

let cast: Cast
let queues: QueueEngine
let paths: string[]

before(async () => {
  cast = await Cast.assemble([ADMIN, CHILD_TECH, DESK, OPERATOR], [FOREIGN_ADMIN, FINANCE])
  const { deps } = cast.app
  queues = openQueueEngine(deps.config, deps.log)
  const routes = routesOf(
    stageRouters(
      deps,
      opsRoutes(deps, queues, openMetrics(deps, queues)),
      openOidc(deps, new SigningKeys(deps)),
    )['signed-in'],
  )
  paths = [...new Set(routes.filter(({ method }) => ['GET', 'ALL'].includes(method)).map(({ path }) => path))]
})
after(async () => {
  await queues.close()
  await cast.app.close()
})

/** What one person was refused, in the order in which it was. */
async function refusalsOf(email: string) {
  const { id, clientId } = await cast.app.userNamed(email)
  return cast.app.deps.db
    .select()
    .from(auditEvents)
    .where(
      and(
        eq(auditEvents.actorId, id),
        eq(auditEvents.clientId, clientId),
        eq(auditEvents.outcome, 'refused'),
      ),
    )
    .orderBy(asc(auditEvents.id))
}

/** Runs `ask` and returns what was refused in it. */
async function refusedIn(email: string, ask: () => Promise<unknown>) {
  const before = await refusalsOf(email)
  await ask()
  return (await refusalsOf(email)).slice(before.length)
}

interface Ids {
  user: string
  client: string
}

function filledIn(path: string, { user, client }: Ids): string {
  return path
    .replace(/^\/clients\/:id/, `/clients/${client}`)
    .replace(/^\/users\/(import\/)?:id/, `/users/$1${user}`)
    .replace(/:[a-z]+/gi, 'x')
}

const idsOf = async (account: string, email: string): Promise<Ids> => ({
  user: (await cast.app.userNamed(email)).id,
  client: await cast.people.clientId(account),
})

const KINDS: [string, string, () => Promise<Ids>][] = [
  ['a user, of the own account', FINANCE, () => idsOf('Harbour Group', TECH)],
  ['a user, of an account below', FINANCE, () => idsOf('Harbour Retail', CHILD_TECH)],
  ['an Admin, of an account below', ADMIN, () => idsOf('Harbour Retail', CHILD_TECH)],
  ['an Admin, of an unrelated account', FOREIGN_ADMIN, () => idsOf('Harbour Group', TECH)],
  ['an operator', OPERATOR, () => idsOf('Harbour Group', TECH)],
  ['the Service Desk, of what is not there', DESK, async () => ({ user: NOTHING, client: NOTHING })],
  ['an Admin, of what no id is', ADMIN, async () => ({ user: 'no-id%00', client: 'no-id%00' })],
]

describe('refused reads', () => {
  for (const [who, email, ids] of KINDS)
    test(`reads of ${who} are recorded if refused and not recorded if opened`, async () => {
      const browser = await cast.comeBack(email)
      const what = await ids()
      for (const path of paths) {
        // For an operator an unknown queue or job is no refusal.
        if (email === OPERATOR && /^\/ops\/(queues|jobs)\//.test(path)) continue
        // Without the host of an application it asks for nothing. Its refusals: test/forward-auth/hand-over.test.ts.
        if (path === '/access') continue
        const address = filledIn(path, what)
        let status = 0
        const refused = await refusedIn(email, async () => {
          status = (await browser.get(`${address}?q=secret`)).status
        })

        const isRefused = status === 403 || status === 404
        if (who.startsWith('a user')) assert.equal(isRefused, !OPEN.includes(path), `${path}: ${status}`)
        assert.deepEqual(
          refused.map(({ action, details }) => [action, details.page]),
          isRefused ? [['access', `GET ${address}`]] : [],
          `${path}: ${status}`,
        )
      }
    })
})

test('a user of another account and an unknown id leave the same record', async () => {
  await cast.comeBack(ADMIN)
  const foreign = (await cast.app.userNamed('tech@meridian.example')).id
  const normal = async (id: string, ask: (id: string) => Promise<unknown>) => {
    const refused = await refusedIn(ADMIN, () => ask(id))
    return refused.map(({ action, subjectId, details }) => {
      assert.equal(subjectId, id)
      return [action, JSON.stringify(details).replaceAll(id, 'ID')]
    })
  }
  const asks: [string, (id: string) => Promise<unknown>][] = [
    ['access', (id) => cast.as(ADMIN).get(`/users/${id}`)],
    ['access', (id) => cast.as(ADMIN).get(`/users/${id}/mfa-reset`)],
    ['mfa-reset.requested', (id) => cast.as(ADMIN).post(`/users/${id}/mfa-reset`, EVIDENCE)],
    ['user.disabled', (id) => cast.as(ADMIN).post(`/users/${id}/disable`, EVIDENCE)],
  ]
  for (const [action, ask] of asks) {
    const record = await normal(foreign, ask)

    assert.equal(record.length, 1)
    assert.equal(record[0]?.[0], action)
    for (const part of ['"refusal":"unknown"', '"asked":"ID"']) assert.ok(record[0]?.[1]?.includes(part))
    assert.deepEqual(await normal(NOTHING, ask), record)
  }
})

test('an act on an unknown or hidden row is recorded with the requested id', async () => {
  const clientId = await cast.people.clientId('Meridian Foods')
  const asks: [string, string, string, Record<string, string>, Record<string, unknown>][] = [
    [ADMIN, 'mfa-reset.requested', '/users/no-id/mfa-reset', EVIDENCE, { asked: 'no-id' }],
    [ADMIN, 'invitation.sent', '/users', cast.people.newcomer({ clientId }), { clientId }],
    [ADMIN, 'invitation.sent', '/users', cast.people.newcomer({ clientId: NOTHING }), { clientId: NOTHING }],
    [ADMIN, 'invitation.sent', '/users', cast.people.newcomer({ clientId: 'no-id' }), { clientId: 'no-id' }],
    [ADMIN, 'invitation.sent', `/users/import/${NOTHING}`, {}, { asked: NOTHING }],
    [ADMIN, 'access', `/users/bulk/${NOTHING}`, {}, { asked: NOTHING }],
    [ADMIN, 'mfa-policy.changed', `/clients/${NOTHING}/mfa-policy`, {}, { clientId: NOTHING }],
    [ADMIN, 'session.ended', '/account/sessions/no-handle/end', {}, { asked: 'no-handle' }],
    [DESK, 'client.suspended', `/clients/${NOTHING}/suspend`, EVIDENCE, { clientId: NOTHING }],
    [ADMIN, 'access', '/ops/outbox/retry', {}, { page: 'POST /ops/outbox/retry' }],
  ]
  for (const email of [ADMIN, DESK]) await cast.comeBack(email)
  for (const [email, action, path, fields, about] of asks) {
    const refused = await refusedIn(email, async () => {
      assert.equal((await cast.as(email).post(path, fields)).status, 404, path)
    })

    assert.deepEqual(
      refused.map((event) => [event.action, event.details]),
      [[action, { refusal: 'unknown', ...about }]],
    )
  }
})

test('a long id is shortened in the record', async () => {
  await cast.comeBack(ADMIN)

  const [refused] = await refusedIn(ADMIN, () => cast.as(ADMIN).get(`/users/${'a'.repeat(5000)}`))

  assert.equal(String(refused?.details.asked).length, 64)
  assert.equal(String(refused?.details.page).length, 200)
})
