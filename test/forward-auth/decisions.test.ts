// What the gate answers to a proxy.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { eq } from 'drizzle-orm'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { applicationRoleGroups, applications } from '../../src/platform/db/schema/applications.ts'
import { passes } from '../../src/platform/db/schema/passes.ts'
import { sessions } from '../../src/platform/db/schema/sessions.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { MINUTE, SECOND } from '../../src/platform/time/durations.ts'
import { ensureSigningKeys } from '../../src/signing-keys/ensure-signing-keys.ts'
import { readSigningKeys } from '../../src/signing-keys/signing-keys.queries.ts'
import { addApplication } from '../support/applications.ts'
import { ADMIN, Cast, FINANCE, TECH } from '../support/cast.ts'
import { FETCH, leadsTo, NAVIGATION, VisitorAtHost } from '../support/visitor-at-host.ts'

const HOST = 'reports.example'
let cast: Cast
let applicationId: string
before(async () => {
  cast = await Cast.assemble([ADMIN, TECH], [FINANCE])
  await ensureSigningKeys(cast.app.deps)
  const way = 'forward-auth' as const
  const app = { name: 'Reports', way, host: HOST, address: `https://${HOST}/` }
  applicationId = (await addApplication(cast.app.deps.db, app)).id
  await addApplication(cast.app.deps.db, {
    name: 'Finance only',
    way,
    host: 'finance.example',
    address: 'https://finance.example/',
    roleGroups: ['finance-manager'],
  })
})
after(() => cast?.app.close())

const visitor = (host = HOST) => new VisitorAtHost(cast.app, host)

async function entered(email: string, host = HOST): Promise<VisitorAtHost> {
  const visiting = visitor(host)
  await visiting.enter(cast.as(email))
  return visiting
}

async function publicKeys() {
  const { db, config, clock } = cast.app.deps
  const keys = await readSigningKeys(db, config.ENCRYPTION_KEYS, clock.now())
  return createLocalJWKSet({ keys: keys.map(({ privateJwk: { d: _d, ...jwk } }) => jwk) })
}

describe('a person who may enter', () => {
  test('is named to the application in every header, without a body', async () => {
    const { id, clientId } = await cast.app.userNamed(TECH)

    const { status, headers, body } = await (await entered(TECH)).asks('/reports?a=b')

    assert.equal(status, 200)
    assert.equal(body, '')
    assert.equal(headers.get('x-portcullis-user'), id)
    assert.equal(headers.get('x-portcullis-email'), TECH)
    assert.equal(
      decodeURIComponent(headers.get('x-portcullis-name') ?? ''),
      (await cast.app.userNamed(TECH)).name,
    )
    assert.equal(headers.get('x-portcullis-groups'), 'tech-operator')
    assert.equal(headers.get('x-portcullis-account'), clientId)
    assert.equal(headers.get('cache-control'), 'no-store')
  })

  test('gets the same answer at both endpoints', async () => {
    const visiting = await entered(TECH)

    const forNginx = await visiting.asks('/', NAVIGATION, '/auth-request')
    const forCaddy = await visiting.asks('/', NAVIGATION, '/forward-auth')

    assert.equal(forCaddy.status, 200)
    for (const name of ['user', 'email', 'name', 'groups', 'account', 'assertion'])
      assert.equal(forCaddy.headers.get(`x-portcullis-${name}`), forNginx.headers.get(`x-portcullis-${name}`))
  })

  test('is asserted by a signed token for this host that lives a minute', async () => {
    const { headers } = await (await entered(TECH)).asks()
    const assertion = headers.get('x-portcullis-assertion') ?? ''

    const { payload } = await jwtVerify(assertion, await publicKeys(), {
      issuer: `${cast.app.origin}/oidc`,
      audience: HOST,
      typ: 'portcullis-assertion+jwt',
      algorithms: ['EdDSA'],
      currentDate: cast.app.clock.now(),
    })
    const { id, name, clientId } = await cast.app.userNamed(TECH)
    const { iat = 0, exp = 0, auth_time, ...claims } = payload
    assert.equal(exp - iat, 60)
    assert.equal(typeof auth_time, 'number')
    assert.deepEqual(claims, {
      iss: `${cast.app.origin}/oidc`,
      aud: HOST,
      sub: id,
      name,
      email: TECH,
      groups: ['tech-operator'],
      account: { id: clientId, name: 'Harbour Group' },
      amr: ['pwd', 'otp', 'mfa'],
      acr: 'urn:portcullis:mfa',
    })
    assert.equal(decodeProtectedHeader(assertion).alg, 'EdDSA')
  })

  test('without MFA has the assurance of a password in the token', async () => {
    const { headers } = await (await entered(FINANCE)).asks()

    const { acr, amr } = decodeJwt(headers.get('x-portcullis-assertion') ?? '')

    assert.equal(acr, 'urn:portcullis:password')
    assert.deepEqual(amr, ['pwd'])
  })

  test('gets a token that is reused for seconds only, and never with claims of before', async () => {
    const visiting = await entered(FINANCE)
    const assertion = async () => (await visiting.asks()).headers.get('x-portcullis-assertion') ?? ''
    const { db } = cast.app.deps
    const { id, name } = await cast.app.userNamed(FINANCE)

    const first = await assertion()
    const second = await assertion()
    await db.update(users).set({ name: 'Fiona Married' }).where(eq(users.id, id))
    const renamed = await assertion()
    await db.update(users).set({ name }).where(eq(users.id, id))
    await assertion()
    cast.app.clock.advance(11 * SECOND)
    const later = await assertion()

    assert.equal(second, first)
    assert.equal(decodeJwt(renamed).name, 'Fiona Married')
    assert.notEqual(later, first)
    const secondsLeft = (decodeJwt(later).exp ?? 0) - cast.app.clock.now().getTime() / SECOND
    assert.ok(secondsLeft > 59)
  })

  test('extends their session, once a minute at most', async () => {
    const visiting = await entered(TECH)
    const { id } = await cast.app.userNamed(TECH)
    const { db, clock } = cast.app.deps
    const touched = async () => {
      const [row] = await db.select().from(sessions).where(eq(sessions.userId, id))
      assert.ok(row)
      return [row.touchedAt.getTime(), row.expiresAt.getTime()]
    }
    cast.app.clock.advance(2 * MINUTE)
    await visiting.asks()
    const first = await touched()
    cast.app.clock.advance(30 * SECOND)
    await visiting.asks()
    const within = await touched()
    cast.app.clock.advance(31 * SECOND)
    await visiting.asks()
    const after = await touched()

    assert.deepEqual(within, first)
    const now = clock.now().getTime()
    assert.deepEqual(after, [now, now + cast.app.deps.config.SESSION_IDLE])
  })
})

describe('a person without a pass', () => {
  const begin = (next: string, host = HOST) =>
    `https://${host}/.portcullis/begin?next=${encodeURIComponent(next)}`

  test('is led to sign in on a navigation, by a status for nginx and a redirect for Caddy', async () => {
    const forNginx = await visitor().asks('/reports?a=b')
    const forCaddy = await visitor().asks('/reports?a=b', NAVIGATION, '/forward-auth')

    assert.equal(forNginx.status, 401)
    assert.equal(forNginx.headers.get('x-portcullis-sign-in'), begin('/reports?a=b'))
    assert.equal(forCaddy.status, 302)
    assert.equal(forCaddy.location, begin('/reports?a=b'))
  })

  for (const endpoint of ['/auth-request', '/forward-auth'] as const) {
    test(`is answered 401 without a way back on fetch, POST and WebSocket (${endpoint})`, async () => {
      for (const headers of [
        FETCH,
        { ...NAVIGATION, 'x-forwarded-method': 'POST' },
        { ...NAVIGATION, upgrade: 'websocket' },
      ]) {
        const answer = await visitor().asks('/', headers, endpoint)
        assert.equal(answer.status, 401)
        assert.equal(answer.location, null)
        assert.equal(answer.headers.get('x-portcullis-sign-in'), null)
        assert.equal(answer.headers.get('hx-redirect'), null)
      }
    })

    test(`is sent by htmx to sign in, and back to the page around (${endpoint})`, async () => {
      const headers = { ...FETCH, 'hx-request': 'true', 'hx-current-url': `https://${HOST}/page?a=b` }

      const { status, headers: answered } = await visitor().asks('/part', headers, endpoint)

      assert.equal(status, 401)
      assert.equal(answered.get('hx-redirect'), begin('/page?a=b'))
    })
  }

  test('gets no identity', async () => {
    const { headers } = await visitor().asks()

    for (const name of ['user', 'email', 'name', 'groups', 'account', 'assertion'])
      assert.equal(headers.get(`x-portcullis-${name}`), null)
  })

  test('is not let in by the session cookie of the gate', async () => {
    const visiting = visitor()
    for (const [name, value] of cast.as(TECH).cookies) visiting.browser.cookies.set(name, value)

    assert.equal((await visiting.asks()).status, 401)
  })
})

describe('a pass', () => {
  test('of another host opens nothing', async () => {
    const visiting = await entered(FINANCE)
    const elsewhere = visitor('finance.example')
    for (const [name, value] of visiting.browser.cookies) elsewhere.browser.cookies.set(name, value)

    assert.equal((await visiting.asks()).status, 200)
    assert.equal((await elsewhere.asks()).status, 401)
  })

  test('counts as none beside a second cookie of its name, which a sibling host may have set', async () => {
    const visiting = await entered(FINANCE)
    const pass = visiting.browser.cookies.get('portcullis')
    const both = { ...NAVIGATION, cookie: `portcullis=${'A'.repeat(43)}; portcullis=${pass}` }

    assert.equal((await visiting.asks('/', { ...NAVIGATION, cookie: `portcullis=${pass}` })).status, 200)
    assert.equal((await visiting.asks('/', both)).status, 401)
  })

  test('is stored as a hash only', async () => {
    const visiting = await entered(FINANCE)
    const pass = visiting.browser.cookies.get('portcullis') ?? ''
    assert.match(pass, /^[\w-]{43}$/)

    const rows = await cast.app.deps.sql`select to_jsonb(p)::text as row from passes p`

    assert.ok(rows.length > 0)
    for (const { row } of rows) assert.ok(!row.includes(pass))
  })

  test('made up by its bearer opens nothing', async () => {
    const visiting = visitor()
    visiting.browser.cookies.set('portcullis', 'A'.repeat(43))

    assert.equal((await visiting.asks()).status, 401)
  })
})

describe('a person who may not enter any more', () => {
  test('is refused with a page that says why and whom to ask, once on record however often they ask', async () => {
    const { db } = cast.app.deps
    const visiting = await entered(FINANCE, 'finance.example')
    const { id } = await cast.app.userNamed(FINANCE)
    const refusals = async () =>
      (await cast.people.eventsOf(id, 'application.entered')).filter(({ outcome }) => outcome === 'refused')
    const before = (await refusals()).length
    const [finance] = await db.select().from(applications).where(eq(applications.host, 'finance.example'))
    assert.ok(finance)
    await db.delete(applicationRoleGroups).where(eq(applicationRoleGroups.applicationId, finance.id))

    const answers = await Promise.all(
      Array.from({ length: 10 }, () => visiting.asks('/', NAVIGATION, '/forward-auth')),
    )

    const refused = answers.find(({ status }) => status === 403)
    assert.ok(refused)
    assert.ok(
      answers.every(({ status }) => status === 403 || status === 302),
      String(answers.map(({ status }) => status)),
    )
    assert.match(refused.body, /not open to your role groups\. Ask an Admin of Harbour Group/)
    assert.equal(
      refused.headers.get('x-portcullis-refused'),
      `${cast.app.origin}/access?host=finance.example`,
    )
    const [event] = await refusals()
    assert.equal((await refusals()).length, before + 1)
    assert.deepEqual(event?.details, {
      application: 'Finance only',
      applicationId: finance.id,
      refusal: 'role-group',
    })
    assert.equal(await db.$count(passes, eq(passes.applicationId, finance.id)), 0)
  })
})

describe('a request that is not one of a registered host', () => {
  const wrong = (headers: Record<string, string>) =>
    cast.app.browser().get('/forward-auth', { accept: 'application/json', ...headers })
  const RIGHT = { 'x-forwarded-host': HOST, 'x-forwarded-uri': '/', 'x-forwarded-method': 'GET' }

  for (const [title, headers, reason] of [
    ['without any header', {}, 'host'],
    ['without a host', { ...RIGHT, 'x-forwarded-host': '' }, 'host'],
    ['without an address', { ...RIGHT, 'x-forwarded-uri': '' }, 'uri'],
    ['without a method', { ...RIGHT, 'x-forwarded-method': '' }, 'method'],
    ['of another host', { ...RIGHT, 'x-forwarded-host': 'evil.example' }, 'unknown-host'],
    ['of the host with another port', { ...RIGHT, 'x-forwarded-host': `${HOST}:8443` }, 'unknown-host'],
    ['of the host with a dot behind it', { ...RIGHT, 'x-forwarded-host': `${HOST}.` }, 'host'],
    ['of two hosts', { ...RIGHT, 'x-forwarded-host': `${HOST}, ${HOST}` }, 'host'],
    ['with a path that is read differently', { ...RIGHT, 'x-forwarded-uri': '/a/..%2fadmin' }, 'path'],
  ] as [string, Record<string, string>, string][])
    test(`${title} is refused with the reason`, async () => {
      const { status, headers: answered, body } = await wrong(headers)

      assert.equal(status, 403)
      assert.equal(answered.get('x-portcullis-reason'), reason)
      assert.equal(JSON.parse(body).error, reason)
    })

  test('is refused even if its query names one', async () => {
    const query = new URLSearchParams(RIGHT)

    assert.equal((await cast.app.browser().get(`/auth-request?${query}`)).status, 403)
  })

  test('is recorded once a minute, with the number of those left out', async () => {
    cast.app.clock.advance(MINUTE)
    const host = (name: string) => wrong({ ...RIGHT, 'x-forwarded-host': name })
    await Promise.all(Array.from({ length: 20 }, (_, index) => host(`evil${index}.example`)))
    const events = async () =>
      cast.app.deps.sql`select details from audit_events where action = 'application.error'
        and details->>'error' = 'unknown-host' and at = ${cast.app.clock.now().toISOString()}`
    const during = await events()
    cast.app.clock.advance(MINUTE)
    await host('late.example')
    const [late] = await events()

    assert.equal(during.length, 1)
    assert.equal(late?.details.host, 'late.example')
    assert.equal(late?.details.leftOut, 19)
  })
})

test('an application that is disabled opens no more at the next request, and opens again when it is enabled', async () => {
  const { db, clock } = cast.app.deps
  const visiting = await entered(FINANCE)
  const set = (disabledAt: Date | null) =>
    db.update(applications).set({ disabledAt }).where(eq(applications.id, applicationId))
  assert.equal((await visiting.asks()).status, 200)

  await set(clock.now())
  const disabled = await visiting.asks()
  await set(null)
  assert.equal(disabled.status, 403)
  assert.match(disabled.body, /switched off for everyone/)

  await visiting.enter(cast.as(FINANCE))
  assert.equal((await visiting.asks()).status, 200)
})

test('a pass for an application of every account does not open one of other accounts', async () => {
  const meridian = await cast.people.clientId('Meridian Foods')
  await addApplication(cast.app.deps.db, {
    name: 'Meridian only',
    way: 'forward-auth',
    host: 'meridian.example',
    address: 'https://meridian.example/',
    clients: [meridian],
  })
  const visiting = visitor('meridian.example')

  const { status, body } = await cast.as(FINANCE).get(await visiting.begin())

  assert.equal(status, 403)
  assert.match(body, /not open to your client account\. Ask the Service Desk/)
  assert.throws(() => leadsTo({ status, body, location: null, headers: new Headers() }))
})

describe('a proxy that asks with the method of the request', () => {
  for (const endpoint of ['/auth-request', '/forward-auth'])
    for (const method of ['HEAD', 'OPTIONS', 'POST', 'PUT', 'DELETE', 'PROPFIND'])
      test(`${method} ${endpoint} is decided by the pass`, async () => {
        const headers = {
          'x-forwarded-host': HOST,
          'x-forwarded-uri': '/',
          'x-forwarded-method': method,
          ...FETCH,
        }
        const { browser } = await entered(TECH)

        const without = await visitor().browser.request(method, endpoint, { headers })
        const withPass = await browser.request(method, endpoint, { headers })

        assert.equal(without.status, 401)
        assert.equal(without.headers.get('x-portcullis-user'), null)
        assert.equal(withPass.status, 200)
        assert.ok(withPass.headers.get('x-portcullis-user'))
      })
})

describe('what cannot be read', () => {
  test('is answered 503 with Retry-After, as JSON for a program and as a page for a person, and never 200', async () => {
    const { sql } = cast.app.deps
    const visiting = await entered(TECH)
    assert.equal((await visiting.asks()).status, 200)

    await sql`alter table passes rename to passes_away`
    const answers = []
    for (const endpoint of ['/auth-request', '/forward-auth'] as const)
      for (const headers of [FETCH, NAVIGATION]) answers.push(await visiting.asks('/', headers, endpoint))
    await sql`alter table passes_away rename to passes`

    for (const { status, headers } of answers) {
      assert.equal(status, 503)
      assert.equal(headers.get('retry-after'), '5')
      assert.equal(headers.get('x-portcullis-user'), null)
    }
    assert.deepEqual(
      answers.map(({ headers }) => headers.get('content-type')?.split(';')[0]),
      ['application/json', 'text/html', 'application/json', 'text/html'],
    )
    assert.equal((await visiting.asks()).status, 200)
  })

  test('also where no key can sign the assertion', async () => {
    const { sql } = cast.app.deps
    const visiting = await entered(TECH)
    cast.app.clock.advance(2 * MINUTE)

    await sql`alter table signing_keys rename to signing_keys_away`
    const { status, headers } = await visiting.asks('/', FETCH)
    await sql`alter table signing_keys_away rename to signing_keys`

    assert.ok(status >= 500, String(status))
    assert.equal(headers.get('x-portcullis-user'), null)
    assert.equal((await visiting.asks()).status, 200)
  })

  test('a page at the host has the security headers', async () => {
    const { headers } = await visitor('evil.example').asks('/', NAVIGATION, '/forward-auth')

    assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'/)
  })
})
