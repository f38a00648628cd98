// Answers of the provider when something is wrong, and its keys while it runs.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { decodeProtectedHeader } from 'jose'
import { ConfigurationError } from '../../src/config.ts'
import { checkProvider } from '../../src/oidc/check-provider.ts'
import { openDatabase } from '../../src/platform/db/client.ts'
import { DAY, MINUTE } from '../../src/platform/time/durations.ts'
import { rotateSigningKeys } from '../../src/signing-keys/rotate-signing-keys.ts'
import type { TestApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'
import { FINANCE, TECH } from '../support/cast.ts'
import { judged } from '../support/judged.ts'
import { RelyingParty, startProvider } from './relying-party.ts'

let app: TestApp
let party: RelyingParty
let fiona: Browser
before(async () => {
  app = await startProvider()
  party = await RelyingParty.register(app)
  fiona = app.browser()
  await fiona.signInWithPassword(FINANCE)
})
after(() => app?.close())

async function errorIn(answer: Response): Promise<string> {
  return JSON.parse(await answer.text()).error
}

const DISCOVERY = '/oidc/.well-known/openid-configuration'

describe('what may be cached', () => {
  test('the metadata and the keys, for five minutes', async () => {
    for (const path of [DISCOVERY, '/oidc/jwks'])
      assert.equal((await app.browser().get(path)).headers.get('cache-control'), 'public, max-age=300')
  })

  test('nothing else', async () => {
    const { url } = await party.begin()
    const answers = [
      await fiona.get(url.href),
      await fiona.get('/oidc/me'),
      await fiona.get('/oidc/session/end'),
    ]
    for (const { headers } of answers) assert.equal(headers.get('cache-control'), 'no-store')
  })
})

test('the metadata name what is supported, and no private key is published', async () => {
  const metadata = JSON.parse((await app.browser().get(DISCOVERY)).body)
  assert.equal(metadata.issuer, `${app.origin}/oidc`)
  assert.deepEqual(metadata.code_challenge_methods_supported, ['S256'])
  assert.deepEqual(metadata.response_types_supported, ['code'])
  assert.deepEqual(metadata.grant_types_supported, ['authorization_code', 'refresh_token'])
  assert.deepEqual(metadata.id_token_signing_alg_values_supported.sort(), ['EdDSA', 'RS256'])
  const { keys } = JSON.parse((await app.browser().get('/oidc/jwks')).body)
  assert.equal(keys.length, 2)
  for (const key of keys) assert.equal(key.d, undefined)
})

test('an application may choose EdDSA', async () => {
  const edwards = await RelyingParty.register(
    app,
    { idTokenAlg: 'EdDSA' },
    { id_token_signed_response_alg: 'EdDSA' },
  )
  const { tokens } = await edwards.signIn(fiona)
  assert.equal(decodeProtectedHeader(tokens.id_token ?? '').alg, 'EdDSA')
})

describe('wrong requests of an application', () => {
  test('are recorded with the detail that the answer does not give', async () => {
    const answer = await fetch(`${app.origin}/oidc/token`, {
      method: 'POST',
      headers: { accept: 'text/html', authorization: `Basic ${btoa(`${party.id}:wrong`)}` },
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'x' }),
    })

    assert.equal(answer.headers.get('content-type'), 'application/json; charset=utf-8')
    const body = await answer.text()
    assert.equal(JSON.parse(body).error, 'invalid_client')
    assert.doesNotMatch(body, /invalid secret/)
    const [event] = await app.deps.sql<{ details: Record<string, string> }[]>`
      select details from audit_events where action = 'application.error' order by id desc limit 1`
    assert.equal(event?.details.detail, 'invalid secret provided')
    assert.equal(event?.details.applicationId, party.id)
    assert.equal(event?.details.application, party.name)
  })

  test('do not fill the audit log', async () => {
    const count = async () => {
      const [row] = await app.deps.sql<[{ count: number }]>`
        select count(*)::int from audit_events where action = 'application.error'`
      return row.count
    }
    app.clock.advance(2 * MINUTE)
    const before = await count()
    for (let sent = 0; sent < 60; sent += 1) await app.browser().get('/oidc/auth?client_id=made-up')

    assert.equal((await count()) - before, 1)
    app.clock.advance(MINUTE)
    await app.browser().get('/oidc/auth?client_id=made-up')
    assert.equal((await count()) - before, 2)
    const [event] = await app.deps.sql<{ details: Record<string, unknown> }[]>`
      select details from audit_events where action = 'application.error' order by id desc limit 1`
    assert.equal(event?.details.leftOut, 59)
  })

  test('of one application or of one kind do not hide those of another', async () => {
    app.clock.advance(2 * MINUTE)
    const other = await RelyingParty.register(app)
    const wrongSecret = (id: string, fields: Record<string, string>) =>
      fetch(`${app.origin}/oidc/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${id}:wrong`)}` },
        body: new URLSearchParams(fields),
      })
    const refresh = { grant_type: 'refresh_token', refresh_token: 'x' }
    for (const id of [party.id, other.id, party.id, other.id]) await wrongSecret(id, refresh)
    await fetch(`${app.origin}/oidc/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${party.id}:${party.secret}`)}` },
      body: new URLSearchParams(refresh),
    })

    const events = await app.deps.sql<{ details: Record<string, unknown> }[]>`
      select details from audit_events where action = 'application.error' order by id desc limit 3`
    assert.deepEqual(
      events.map(({ details: { applicationId, error } }) => [applicationId, error]),
      [
        [party.id, 'invalid_grant'],
        [other.id, 'invalid_client'],
        [party.id, 'invalid_client'],
      ],
    )
  })

  test('of another type, too large or with a parameter twice are answered 400', async () => {
    const basic = { authorization: `Basic ${btoa(`${party.id}:${party.secret}`)}` }
    const twice = 'grant_type=refresh_token&refresh_token=a&refresh_token=b'
    const bodies: [string, string][] = [
      ['{"grant_type":"refresh_token"}', 'application/json'],
      [`grant_type=refresh_token&refresh_token=${'x'.repeat(70_000)}`, 'application/x-www-form-urlencoded'],
      [twice, 'application/x-www-form-urlencoded'],
    ]
    for (const [body, type] of bodies) {
      const headers = { ...basic, 'content-type': type }
      const answer = await fetch(`${app.origin}/oidc/token`, { method: 'POST', headers, body })
      assert.equal(answer.status, 400)
      assert.equal(await errorIn(answer), 'invalid_request')
    }
  })

  test('with other grants are refused', async () => {
    for (const grant of ['client_credentials', 'password', 'urn:ietf:params:oauth:grant-type:device_code']) {
      const answer = await fetch(`${app.origin}/oidc/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${party.id}:${party.secret}`)}` },
        body: new URLSearchParams({ grant_type: grant, username: FINANCE, password: 'x' }),
      })
      assert.equal(answer.status, 400)
      assert.equal(await errorIn(answer), 'unsupported_grant_type')
    }
  })
})

test('an error that is sent in a form may go to a registered address only', async () => {
  const asked = { response_mode: 'form_post', prompt: 'none' }
  const registered = await app.browser().get((await party.begin(asked)).url.href)
  assert.match(registered.body, /name="error" value="login_required"/)
  assert.match(
    registered.headers.get('content-security-policy') ?? '',
    /form-action 'self' http:\/\/127\.0\.0\.1:9;/,
  )

  const { url } = await party.begin({ ...asked, redirect_uri: 'https://evil.example/' })
  const foreign = await app.browser().get(url.href)
  assert.equal(foreign.status, 400)
  assert.doesNotMatch(foreign.headers.get('content-security-policy') ?? '', /evil/)
})

describe('an application that is switched off', () => {
  const UNKNOWN = /The application that sent you here is not known/
  async function switchedOff(given: Parameters<typeof RelyingParty.register>[1] = {}) {
    const off = await RelyingParty.register(app, given)
    const { url } = await off.begin()
    const disabledAt = app.clock.now().toISOString()
    await app.deps.sql`update applications set disabled_at = ${disabledAt} where id = ${off.id}`
    return { name: off.name, href: url.href }
  }

  test('says so to a signed-in person who may enter it, and whom to ask', async () => {
    const { name, href } = await switchedOff()

    const { status, body } = await fiona.get(href)

    assert.equal(status, 400)
    assert.match(body, new RegExp(`${name} is switched off for everyone. Ask the Service Desk.`))
    assert.doesNotMatch(body, UNKNOWN)
  })

  test('is not known to a person who is signed out or half-way, nor to one who may not enter it', async () => {
    const { name, href } = await switchedOff()
    const halfway = app.browser()
    assert.equal((await halfway.signInWithPassword(TECH)).location, '/mfa/enrol')
    const forOthers = await switchedOff({ roleGroups: ['admin'] })
    const forOtherAccounts = await switchedOff({ clients: [] })

    for (const [browser, address] of [
      [app.browser(), href],
      [halfway, href],
      [fiona, forOthers.href],
      [fiona, forOtherAccounts.href],
    ] as const) {
      const { status, body } = await browser.get(address)
      assert.equal(status, 400)
      assert.match(body, UNKNOWN)
      assert.doesNotMatch(body, new RegExp(`${name}|${forOthers.name}|${forOtherAccounts.name}|for everyone`))
    }
  })
})

test('an interaction that is over, or another browser’s, is answered 410', async () => {
  const { url } = await party.begin({ prompt: 'login' })
  const { location } = await fiona.get(url.href)
  assert.equal((await fiona.get('/oidc/interaction/unknown')).status, 410)
  const stranger = app.browser()
  await stranger.signInWithPassword(FINANCE)

  const answer = await stranger.get(location ?? '')

  assert.equal(answer.status, 410)
  assert.match(answer.body, /role="alert"/)
})

describe('without the database', () => {
  test('applications get 503 in JSON, people a page, and the metadata stay', async () => {
    const other = await startProvider({ ANSWER_WITHIN: '1s' })
    const elsewhere = openDatabase(other.deps.config.DATABASE_URL, 'holder', 1)
    try {
      // Making the first keys may take longer than a request.
      await judged(() => other.browser().get(DISCOVERY))
      const registered = await RelyingParty.register(other)
      const browser = other.browser()
      await judged(() => browser.signInWithPassword(FINANCE))
      const { url } = await registered.begin()
      const token = () =>
        fetch(`${other.origin}/oidc/token`, {
          method: 'POST',
          headers: { authorization: `Basic ${btoa(`${registered.id}:${registered.secret}`)}` },
          body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'x' }),
        })
      const assertUnavailable = async (answer: Response) => {
        assert.equal(answer.status, 503)
        assert.equal(answer.headers.get('retry-after'), '5')
        assert.equal(await errorIn(answer), 'server_error')
      }

      await elsewhere.sql.begin(async (holder) => {
        await holder`lock table oidc_artifacts, oidc_sessions in access exclusive mode`
        await assertUnavailable(await token())
        const page = await browser.get(url.href)
        assert.equal(page.status, 503)
        assert.match(page.body, /We cannot answer just now/)
      })

      await other.database.close()
      await assertUnavailable(await token())
      assert.equal((await browser.get(DISCOVERY)).status, 200)
    } finally {
      await elsewhere.close()
      await other.close()
    }
  })
})

test('at start the keys must open, and one message says so', async () => {
  await checkProvider(app.deps)
  const ENCRYPTION_KEYS = [{ id: 'k1', key: Buffer.alloc(32, 1) }]
  const otherwise = { ...app.deps, config: { ...app.deps.config, ENCRYPTION_KEYS } }

  await assert.rejects(checkProvider(otherwise), (error) => {
    assert.ok(error instanceof ConfigurationError)
    assert.match(error.message, /ENCRYPTION_KEYS do not open the signing keys/)
    return true
  })
})

test('a new key is published a day before it signs, while the provider runs', async () => {
  const kidsNow = async (): Promise<string[]> => {
    const { keys } = JSON.parse((await app.browser().get('/oidc/jwks')).body)
    return keys.map(({ kid }: { kid: string }) => kid)
  }
  const signsWith = async (browser: Browser) => {
    const { tokens } = await party.signIn(browser)
    return decodeProtectedHeader(tokens.id_token ?? '').kid ?? ''
  }
  const before = await signsWith(fiona)

  await rotateSigningKeys(app.deps, 'with-notice')
  const published = await kidsNow()
  assert.equal(published.length, 4)
  assert.equal(await signsWith(fiona), before)

  // The application reads the keys now, and does not look again.
  app.clock.advance(DAY)
  const later = app.browser()
  await later.signInWithPassword(FINANCE)
  const now = await signsWith(later)
  assert.notEqual(now, before)
  assert.ok(published.includes(now))
})
