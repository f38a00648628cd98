// The Service Desk registers, changes, disables applications and runs their secrets.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, beforeEach, describe, test } from 'node:test'
import { desc, eq } from 'drizzle-orm'
import {
  applicationClients,
  applicationSecrets,
  applications,
} from '../../src/platform/db/schema/applications.ts'
import { auditEvents } from '../../src/platform/db/schema/audit-events.ts'
import { clients } from '../../src/platform/db/schema/clients.ts'
import { outbox } from '../../src/platform/db/schema/outbox.ts'
import { HOUR, MINUTE } from '../../src/platform/time/durations.ts'
import { addApplication } from '../support/applications.ts'
import { type Answer, fieldsWithProblem, problemOf } from '../support/browser.ts'
import { ADMIN, Cast, CHILD_ADMIN, DESK, DESK2, FINANCE, OPERATOR, TECH } from '../support/cast.ts'
import { rowsOf } from '../support/database-contents.ts'

const EVIDENCE = { ticket: 'DESK-4711', reason: 'The finance team asked for it' }

let cast: Cast
before(async () => {
  cast = await Cast.assemble([ADMIN, CHILD_ADMIN, TECH, DESK, DESK2, OPERATOR], [FINANCE])
})
after(() => cast.app.close())

const desk = () => cast.as(DESK)
let made = 0

function openIdForm(changes: Record<string, string> = {}): Record<string, string> {
  return {
    way: 'openid-connect',
    name: `Ledger ${++made}`,
    icon: 'money',
    address: 'https://ledger.example/',
    accounts: 'every',
    roleGroups: 'finance-manager',
    clientAuth: 'client_secret_basic',
    redirectUris: 'https://ledger.example/callback',
    idTokenAlg: 'RS256',
    refreshTokens: 'yes',
    ...EVIDENCE,
    ...changes,
  }
}

function forwardForm(changes: Record<string, string> = {}): Record<string, string> {
  const { way: _way, redirectUris: _uris, ...form } = openIdForm()
  return { ...form, way: 'forward-auth', address: `https://app${made}.example/`, ...changes }
}

async function latest() {
  const [row] = await cast.app.deps.db.select().from(applications).orderBy(desc(applications.id)).limit(1)
  assert.ok(row)
  return row
}

async function read(id: string) {
  const [row] = await cast.app.deps.db.select().from(applications).where(eq(applications.id, id))
  assert.ok(row)
  return row
}

function secretOn({ body }: Answer): string {
  const [, secret] = /id="client-secret">([^<]+)</.exec(body) ?? []
  assert.ok(secret)
  return secret
}

const secretsOf = (id: string) =>
  cast.app.deps.db
    .select()
    .from(applicationSecrets)
    .where(eq(applicationSecrets.applicationId, id))
    .orderBy(applicationSecrets.id)

async function lastEvent() {
  const [event] = await cast.app.deps.db.select().from(auditEvents).orderBy(desc(auditEvents.id)).limit(1)
  assert.ok(event)
  return event
}

const endGrants = async (id: string) => {
  const jobs = await cast.app.deps.db.select().from(outbox).where(eq(outbox.job, 'end-grants'))
  return jobs.filter(({ payload }) => payload.id === id && payload.of === 'application').length
}

describe('two applications on one host', () => {
  test('are refused also with different ports: the browser sends the pass of one to the other', async () => {
    assert.equal(
      (await desk().post('/applications', forwardForm({ address: 'https://shared.example/' }))).status,
      303,
    )
    const elsewhere = await register(forwardForm({ address: 'https://elsewhere.example:8443/' }))

    const same = await desk().post('/applications', forwardForm({ address: 'https://shared.example/a' }))
    assert.match(problemOf(same, 'address'), /already an application with this host/)
    const address = 'https://shared.example:8443/'
    for (const answer of [
      await desk().post('/applications', forwardForm({ address })),
      await desk().post(
        `/applications/${elsewhere.id}/change`,
        forwardForm({ name: elsewhere.name, address }),
      ),
    ]) {
      assert.equal(answer.status, 422)
      assert.match(problemOf(answer, 'address'), /another port of this host.*a host name of its own/s)
      assert.match(answer.body, /value="https:\/\/shared\.example:8443\/"/)
    }
  })

  test('may be a host and a host below it, or one of which may change its own port', async () => {
    const first = await register(forwardForm({ address: 'https://below.example/' }))

    await register(forwardForm({ address: 'https://app.below.example:8443/' }))
    const moved = forwardForm({ name: first.name, address: 'https://below.example:9443/' })
    assert.equal((await desk().post(`/applications/${first.id}/change`, moved)).status, 303)
    assert.equal((await read(first.id)).host, 'below.example:9443')
  })

  async function register(form: Record<string, string>) {
    assert.equal((await desk().post('/applications', form)).status, 303)
    return latest()
  }
})

describe('registering', () => {
  test('the form asks only for what the chosen way needs', async () => {
    const choice = await desk().get('/applications/new')
    assert.match(choice.body, /way=openid-connect/)
    assert.match(choice.body, /way=forward-auth/)

    const openId = await desk().get('/applications/new?way=openid-connect')
    assert.match(openId.body, /name="redirectUris"/)
    const forward = await desk().get('/applications/new?way=forward-auth')
    assert.doesNotMatch(forward.body, /redirectUris|clientAuth|publicKeys|idTokenAlg|refreshTokens/)
  })

  test('an application with OpenID Connect is registered, and its secret is shown in that answer only', async () => {
    const answer = await desk().post('/applications', openIdForm({ requiresMfa: 'yes' }))

    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('cache-control'), 'no-store')
    const secret = secretOn(answer)
    assert.ok(Buffer.from(secret, 'base64url').length >= 32)
    const { id, name, requiresMfa, everyClient, host, createdBy } = await latest()
    assert.deepEqual([requiresMfa, everyClient, host], [true, true, null])
    assert.equal(createdBy, (await cast.app.userNamed(DESK)).id)
    const [stored] = await secretsOf(id)
    assert.deepEqual(stored?.secretHash, createHash('sha256').update(secret).digest())
    const page = await desk().get(`/applications/${id}`)
    assert.ok(!page.body.includes(secret))
    for (const fact of [id, '/oidc/.well-known/openid-configuration', 'https://ledger.example/callback'])
      assert.ok(page.body.includes(fact), fact)
    const event = await lastEvent()
    assert.deepEqual([event.action, event.outcome], ['application.registered', 'success'])
    assert.equal(event.details.application, name)
    assert.equal(event.details.applicationId, id)
    assert.equal(event.details.ticket, EVIDENCE.ticket)
  })

  test('no secret is in the database in clear', async () => {
    const secret = secretOn(await desk().post('/applications', openIdForm()))

    for (const [table, rows] of Object.entries(await rowsOf(cast.app.deps.sql)))
      assert.ok(!rows.includes(secret), table)
  })

  test('an application with forward authentication has a host and no secret', async () => {
    const answer = await desk().post(
      '/applications',
      forwardForm({ address: 'https://Grafana.Example:443/d' }),
    )

    const { id, host, address } = await latest()
    assert.deepEqual([answer.status, answer.location], [303, `/applications/${id}`])
    assert.deepEqual([host, address], ['grafana.example', 'https://grafana.example/d'])
    assert.deepEqual(await secretsOf(id), [])
    assert.match((await desk().get(`/applications/${id}`)).body, /grafana\.example.*\/auth-request/s)
  })

  test('an application with a private key is registered with its public key and without a secret', async () => {
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }
    const form = openIdForm({ clientAuth: 'private_key_jwt', publicKeys: JSON.stringify({ keys: [jwk] }) })
    const answer = await desk().post('/applications', form)

    assert.equal(answer.status, 303)
    const { id, publicKeys } = await latest()
    assert.deepEqual(publicKeys, { keys: [jwk] })
    assert.deepEqual(await secretsOf(id), [])
    assert.equal((await desk().get(`/applications/${id}/secrets`)).status, 404)
    assert.equal((await desk().post(`/applications/${id}/secrets`, EVIDENCE)).status, 404)
    assert.deepEqual(await secretsOf(id), [])
  })

  test('what is wrong is said beside its field, and nothing that was typed is lost', async () => {
    const before = await cast.app.deps.db.$count(applications)
    const own = `${cast.app.origin}/callback`
    const form = openIdForm({ name: 'Kept <name>', redirectUris: own, ticket: '' })
    const answer = await desk().post('/applications', form)

    assert.equal(answer.status, 422)
    assert.deepEqual(fieldsWithProblem(answer), ['redirectUris', 'ticket'])
    assert.match(problemOf(answer, 'redirectUris'), /Portcullis itself/)
    for (const kept of ['Kept &lt;name&gt;', own, EVIDENCE.reason])
      assert.ok(answer.body.includes(kept), kept)
    for (const kept of ['value="finance-manager" checked', 'value="every"'])
      assert.ok(answer.body.includes(kept), kept)
    assert.equal(await cast.app.deps.db.$count(applications), before)
  })

  test('two applications have neither the same name nor the same host', async () => {
    const first = forwardForm()
    assert.equal((await desk().post('/applications', first)).status, 303)

    const sameName = await desk().post('/applications', openIdForm({ name: first.name?.toUpperCase() ?? '' }))
    assert.deepEqual([sameName.status, fieldsWithProblem(sameName)], [422, ['name']])
    const sameHost = await desk().post('/applications', forwardForm({ address: `${first.address}other` }))
    assert.deepEqual([sameHost.status, fieldsWithProblem(sameHost)], [422, ['address']])
  })

  test('of two agents who register one name at once one succeeds, in ten rounds', async () => {
    for (let round = 0; round < 10; round += 1) {
      const form = openIdForm({ name: `Burst ${round}` })
      const answers = await Promise.all(
        [DESK, DESK2].map((agent) => cast.as(agent).post('/applications', form)),
      )
      assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 422])
    }
  })
})

describe('changing', () => {
  let id: string
  beforeEach(async () => {
    assert.equal((await desk().post('/applications', openIdForm())).status, 200)
    id = (await latest()).id
  })

  test('the form shows what is registered', async () => {
    const { body } = await desk().get(`/applications/${id}/change`)
    for (const part of [
      'value="https://ledger.example/"',
      '>https://ledger.example/callback</textarea>',
      'value="finance-manager" checked',
    ])
      assert.ok(body.includes(part), part)
  })

  test('a change of who may enter asks that grants end; another change does not', async () => {
    const { name } = await read(id)
    const address = 'https://ledger.example/new'
    assert.equal((await desk().post(`/applications/${id}/change`, openIdForm({ name, address }))).status, 303)
    assert.equal((await read(id)).address, address)
    assert.equal(await endGrants(id), 0)
    assert.deepEqual((await lastEvent()).details.changes, {
      address: { from: 'https://ledger.example/', to: address },
    })

    const narrowed = openIdForm({ name, address, roleGroups: 'admin' })
    assert.equal((await desk().post(`/applications/${id}/change`, narrowed)).status, 303)
    assert.equal(await endGrants(id), 1)
  })

  test('the way in cannot be changed by a form', async () => {
    await desk().post(`/applications/${id}/change`, openIdForm({ way: 'forward-auth' }))
    assert.equal((await read(id)).way, 'openid-connect')
  })

  test('where a private key takes the place of the secrets, these end', async () => {
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }
    const form = openIdForm({ clientAuth: 'private_key_jwt', publicKeys: JSON.stringify(jwk) })
    assert.equal((await desk().post(`/applications/${id}/change`, form)).status, 303)

    assert.deepEqual(
      (await secretsOf(id)).map(({ expiresAt }) => expiresAt),
      [cast.app.clock.now()],
    )
  })

  test('disabling needs ticket and reason, asks that grants end, and is undone by enabling', async () => {
    const without = await desk().post(`/applications/${id}/disable`, {})
    assert.deepEqual([without.status, fieldsWithProblem(without)], [422, ['ticket', 'reason']])
    assert.equal((await read(id)).disabledAt, null)

    assert.equal((await desk().post(`/applications/${id}/disable`, EVIDENCE)).status, 303)
    assert.deepEqual((await read(id)).disabledAt, cast.app.clock.now())
    assert.equal(await endGrants(id), 1)
    assert.match((await desk().get(`/applications/${id}`)).body, /no one can enter it/)
    assert.equal((await desk().post(`/applications/${id}/disable`, EVIDENCE)).status, 409)

    assert.equal((await desk().post(`/applications/${id}/enable`, EVIDENCE)).status, 303)
    assert.equal((await read(id)).disabledAt, null)
    assert.equal((await desk().post(`/applications/${id}/enable`, EVIDENCE)).status, 409)
    assert.equal(await endGrants(id), 1)
  })
})

describe('chosen accounts', () => {
  let id: string
  let path: string
  beforeEach(async () => {
    await desk().post('/applications', openIdForm({ accounts: 'chosen' }))
    id = (await latest()).id
    path = `/applications/${id}/accounts`
  })

  const admitted = async () =>
    (await cast.app.deps.db.select().from(applicationClients).where(eq(applicationClients.applicationId, id)))
      .map(({ clientId }) => clientId)
      .sort()

  test('no one may enter until an account is chosen, and the page says so', async () => {
    assert.match((await desk().get(`/applications/${id}`)).body, /no account is chosen yet/)
    assert.match((await desk().get(path)).body, /No account is chosen yet/)
  })

  test('accounts are found by name, added and removed, and those not listed stay', async () => {
    const [group, foods] = [
      await cast.people.clientId('Harbour Group'),
      await cast.people.clientId('Meridian Foods'),
    ]
    const found = await desk().get(`${path}?q=harbour+group`)
    assert.match(found.body, new RegExp(`value="${group}"`))
    assert.ok(!found.body.includes(foods))

    const add = (clientId: string) =>
      desk().post(path, { q: 'x', shown: clientId, clients: clientId, ...EVIDENCE })
    assert.equal((await add(group)).status, 303)
    assert.equal((await add(foods)).status, 303)
    assert.deepEqual(await admitted(), [group, foods].sort())
    assert.equal(await endGrants(id), 0)
    assert.match((await desk().get(`/applications/${id}`)).body, /of Harbour Group and Meridian Foods/)

    assert.equal((await desk().post(path, { shown: group, ...EVIDENCE })).status, 303)
    assert.deepEqual(await admitted(), [foods])
    assert.equal(await endGrants(id), 1)
    assert.deepEqual((await lastEvent()).details.noLongerAdmitted, ['Harbour Group'])
  })

  test('an account that the form did not list, or that does not exist, is not admitted', async () => {
    const group = await cast.people.clientId('Harbour Group')
    const form = {
      shown: `${id},not-an-id`,
      clients: group,
      ...EVIDENCE,
    }
    assert.equal((await desk().post(path, form)).status, 303)
    assert.deepEqual(await admitted(), [])
  })

  test('without a reason the ticks and the search are kept', async () => {
    const group = await cast.people.clientId('Harbour Group')
    const answer = await desk().post(path, { q: 'harbour', shown: group, clients: group })

    assert.equal(answer.status, 422)
    assert.match(answer.body, new RegExp(`value="${group}" checked`))
    assert.match(answer.body, /name="q" type="search" value="harbour"/)
    assert.deepEqual(await admitted(), [])
  })

  test('among thousands of accounts a page lists some, and links to the next', async () => {
    await cast.app.deps.db
      .insert(clients)
      .values(Array.from({ length: 2_000 }, (_, index) => ({ name: `Branch ${index}` })))
    const first = await desk().get(`${path}?q=branch`)
    const listedOn = ({ body }: Answer) =>
      [...body.matchAll(/name="clients" value="([^"]+)"/g)].map(([, value]) => value)
    const listed = listedOn(first)
    assert.equal(listed.length, 40)
    const [, next] = /href="([^"]*after=[^"]*)" rel="next"/.exec(first.body) ?? []
    assert.ok(next)
    const second = await desk().get(next.replaceAll('&amp;', '&'))
    assert.equal(new Set([...listed, ...listedOn(second)]).size, 80)

    const form: [string, string][] = [
      ['q', 'branch'],
      ['shown', listed.join(',')],
      ...listed.map((value): [string, string] => ['clients', value ?? '']),
      ...Object.entries(EVIDENCE),
    ]
    assert.equal((await desk().post(path, form)).status, 303)
    assert.equal((await admitted()).length, 40)
  })
})

describe('secrets', () => {
  let id: string
  let path: string
  let first: string
  beforeEach(async () => {
    first = secretOn(await desk().post('/applications', openIdForm()))
    id = (await latest()).id
    path = `/applications/${id}/secrets`
  })

  const valid = async () => {
    const now = cast.app.clock.now()
    return (await secretsOf(id)).filter(({ expiresAt }) => expiresAt === null || expiresAt > now)
  }

  test('a new secret is shown once, and the older one works for another 24 hours', async () => {
    const answer = await desk().post(path, EVIDENCE)

    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('cache-control'), 'no-store')
    assert.notEqual(secretOn(answer), first)
    assert.ok(!(await desk().get(`/applications/${id}`)).body.includes(secretOn(answer)))
    const now = cast.app.clock.now().getTime()
    assert.deepEqual(
      (await secretsOf(id)).map(({ expiresAt }) => expiresAt && expiresAt.getTime() - now),
      [24 * HOUR, null],
    )
    assert.equal((await lastEvent()).action, 'application.secret-made')
  })

  test('the overlap can be chosen, down to none', async () => {
    await desk().post(path, { ...EVIDENCE, overlap: 'hour' })
    const now = cast.app.clock.now().getTime()
    assert.equal((await secretsOf(id))[0]?.expiresAt?.getTime(), now + HOUR)

    assert.equal((await desk().post(path, { ...EVIDENCE, overlap: 'at-once' })).status, 200)
    assert.equal((await valid()).length, 1)
  })

  test('a third secret is refused while two are valid, and an overlap is never made longer', async () => {
    await desk().post(path, { ...EVIDENCE, overlap: 'hour' })
    const answer = await desk().post(path, { ...EVIDENCE, overlap: 'week' })

    assert.equal(answer.status, 409)
    assert.match(answer.body, /two valid secrets/)
    assert.equal((await secretsOf(id)).length, 2)
    cast.app.clock.advance(9 * MINUTE)
    assert.equal((await valid()).length, 2)
  })

  test('of two agents who make a secret at once one makes it, in ten rounds', async () => {
    for (const agent of [DESK, DESK2]) await cast.comeBack(agent)
    for (let round = 0; round < 10; round += 1) {
      const other = await addApplication(cast.app.deps.db, { name: `Contended ${round}` })
      const answers = await Promise.all(
        [DESK, DESK2].map((agent) => cast.as(agent).post(`/applications/${other.id}/secrets`, EVIDENCE)),
      )
      assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409])
      assert.equal((await secretsOf(other.id)).length, 2)
    }
  })

  test('a secret can be ended at once, and not a second time', async () => {
    const [secret] = await secretsOf(id)
    const end = `${path}/${secret?.id}/end`
    assert.match((await desk().get(end)).body, /It is the only one/)
    assert.equal((await desk().post(end, {})).status, 422)
    assert.equal((await desk().post(end, EVIDENCE)).status, 303)

    assert.deepEqual(await valid(), [])
    assert.match((await desk().get(`/applications/${id}`)).body, /None works/)
    assert.equal((await desk().get(end)).status, 409)
    assert.equal((await desk().post(end, EVIDENCE)).status, 409)
  })

  test('a secret of another application is not ended under this one', async () => {
    const other = await addApplication(cast.app.deps.db, { name: `Other ${made}` })
    const [secret] = await secretsOf(other.id)

    assert.equal((await desk().post(`${path}/${secret?.id}/end`, EVIDENCE)).status, 409)
    assert.equal((await secretsOf(other.id))[0]?.expiresAt, null)
  })
})

describe('who may run applications', () => {
  test('for all but the Service Desk the pages and acts do not exist, and tries are on record', async () => {
    const { id } = await addApplication(cast.app.deps.db, { name: 'Hidden' })
    const before = await read(id)
    for (const email of [ADMIN, FINANCE, OPERATOR, TECH]) {
      const browser = await cast.comeBack(email)
      for (const page of ['', '/change', '/accounts', '/disable', '/enable', '/secrets'])
        assert.equal((await browser.get(`/applications/${id}${page}`)).status, 404, `${email} ${page}`)
      assert.equal((await browser.get('/applications/new')).status, 404)
      for (const act of ['change', 'accounts', 'disable', 'enable', 'secrets'])
        assert.equal((await browser.post(`/applications/${id}/${act}`, openIdForm())).status, 404, act)
      assert.equal((await browser.post('/applications', openIdForm())).status, 404)
      const event = await lastEvent()
      assert.deepEqual([event.action, event.outcome], ['application.registered', 'refused'])
    }
    assert.deepEqual(await read(id), before)
    assert.equal((await secretsOf(id)).length, 1)
  })

  test('an id that no application has is not found, also one that is no id', async () => {
    await cast.comeBack(DESK)
    for (const id of ['01890000-0000-7000-8000-000000000000', 'no-id'])
      for (const page of ['', '/change', '/accounts', '/disable', '/secrets']) {
        assert.equal((await desk().get(`/applications/${id}${page}`)).status, 404)
        if (page !== '') assert.equal((await desk().post(`/applications/${id}${page}`, EVIDENCE)).status, 404)
      }
    const event = await lastEvent()
    assert.deepEqual(event.details, { refusal: 'unknown', asked: 'no-id' })
  })

  test('an act ten minutes after the last proof asks for step-up, and carries the form along', async () => {
    cast.app.clock.advance(11 * MINUTE)
    const browser = cast.as(DESK2)
    const form = openIdForm({ name: 'Stepped up' })
    const asked = await browser.post('/applications', form)
    assert.equal(asked.status, 401)
    assert.match(asked.body, /register an application/)

    const answer = await browser.post('/applications', { ...form, presence: browser.nextCode() })
    assert.equal(answer.status, 200)
    assert.ok(secretOn(answer))
  })
})
