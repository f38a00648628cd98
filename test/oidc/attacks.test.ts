// What an attacker tries with codes, tokens, assertions and cookies of others.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as jose from 'jose'
import * as client from 'openid-client'
import { applications } from '../../src/platform/db/schema/applications.ts'
import type { TestApp } from '../support/app.ts'
import { type Browser, DEMO_PASSWORD } from '../support/browser.ts'
import { FINANCE, TECH } from '../support/cast.ts'
import { rowsOf } from '../support/database-contents.ts'
import { findSecrets } from '../support/secret-search.ts'
import {
  arriveAtPage,
  arriveOutside,
  CALLBACK,
  errorOf,
  RelyingParty,
  startProvider,
} from './relying-party.ts'

let app: TestApp
let party: RelyingParty
let other: RelyingParty
let fiona: Browser
before(async () => {
  app = await startProvider()
  party = await RelyingParty.register(app)
  other = await RelyingParty.register(app)
  fiona = app.browser()
  await fiona.signInWithPassword(FINANCE)
})
after(() => app?.close())

describe('a redirect address that is not registered', () => {
  const variants = [
    'https://evil.example/callback',
    `${CALLBACK}/`,
    `${CALLBACK}?to=evil`,
    `${CALLBACK}#evil`,
    `${CALLBACK}/../evil`,
    `${CALLBACK}%2f`,
    CALLBACK.toUpperCase(),
    CALLBACK.replace('127.0.0.1:9', '127.0.0.1:10'),
    CALLBACK.replace('127.0.0.1', 'localhost'),
    CALLBACK.replace('http:', 'https:'),
    CALLBACK.replace('http://', 'http://evil@'),
    CALLBACK.replace('/callback', '//callback'),
    ` ${CALLBACK}`,
    'javascript:alert(1)',
    '/callback',
    '',
  ]
  for (const variant of variants)
    test(`'${variant}' is answered with a page of ours`, async () => {
      const { url } = await party.begin({ redirect_uri: variant })

      const answer = await fiona.get(url.href)

      assert.equal(answer.status, 400)
      assert.equal(answer.location, null)
      assert.match(answer.body, /wrong request/)
      assert.ok(!answer.body.includes('evil'))
    })

  test('two addresses are refused, even if both are registered', async () => {
    const { url } = await party.begin()
    url.searchParams.append('redirect_uri', CALLBACK)

    const answer = await fiona.get(url.href)

    assert.deepEqual([answer.status, answer.location], [400, null])
  })

  test('none is refused', async () => {
    const { url } = await party.begin()
    url.searchParams.delete('redirect_uri')

    const answer = await fiona.get(url.href)

    assert.deepEqual([answer.status, answer.location], [400, null])
  })
})

test('an unknown client and one of forward authentication get a page of ours, and the detail is recorded', async () => {
  const [forward] = await app.deps.db
    .insert(applications)
    .values({
      name: 'Behind a proxy',
      icon: 'dashboard',
      address: 'https://proxied.example/',
      way: 'forward-auth',
      host: 'proxied.example',
      redirectUris: [CALLBACK],
      createdAt: new Date(0),
    })
    .returning()
  for (const id of ['unknown', crypto.randomUUID(), forward?.id ?? '']) {
    const { url } = await party.begin({ client_id: id })

    const answer = await fiona.get(url.href)

    assert.deepEqual([answer.status, answer.location], [400, null])
    assert.match(answer.body, /is not known/)
    assert.ok(!answer.body.includes('client is invalid'))
  }
  const recorded = await errorsOnRecord()
  assert.ok(recorded.some(({ error }) => error === 'invalid_client'))
})

describe('PKCE', () => {
  const challenges: Record<string, (url: URL) => void> = {
    'no challenge': ({ searchParams }) => searchParams.delete('code_challenge'),
    'the method plain': ({ searchParams }) => searchParams.set('code_challenge_method', 'plain'),
    'no method': ({ searchParams }) => searchParams.delete('code_challenge_method'),
  }
  for (const [name, change] of Object.entries(challenges))
    test(`${name}: the application is told, and no code is issued`, async () => {
      const { url } = await party.begin()
      change(url)

      const { location } = await fiona.get(url.href)

      assert.ok(location?.startsWith(CALLBACK))
      assert.match(location ?? '', /error=invalid_request/)
      assert.doesNotMatch(location ?? '', /code=/)
    })

  test('a code without its verifier is refused', async () => {
    const { callback } = await party.authorize(fiona)
    const code = callback.searchParams.get('code') ?? ''
    const form = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK }

    assert.equal((await post('/oidc/token', form, party)).error, 'invalid_grant')
  })
})

describe('another application', () => {
  test('cannot redeem a code, and the code still works for its own', async () => {
    const { begun, callback } = await party.authorize(fiona)
    const code = callback.searchParams.get('code') ?? ''
    const form = {
      grant_type: 'authorization_code',
      code,
      redirect_uri: CALLBACK,
      code_verifier: begun.verifier,
    }

    assert.equal((await post('/oidc/token', form, other)).error, 'invalid_grant')

    assert.ok((await party.redeem({ begun, callback })).access_token)
  })

  test('cannot use, look into or revoke a token', async () => {
    const { accessToken, refreshToken, claims } = await party.signIn(fiona)

    assert.equal(await errorOf(other.refresh(refreshToken)), 'invalid_grant')
    assert.equal(await other.introspect(accessToken), false)
    assert.equal(await other.introspect(refreshToken), false)
    assert.equal(
      (await post('/oidc/token/revocation', { token: accessToken }, other)).error,
      'invalid_request',
    )

    assert.equal(await party.introspect(accessToken), true)
    assert.equal((await party.userinfo(accessToken, claims.sub)).sub, claims.sub)
  })

  test('that is shown an access token finds by its ID token that it is not the audience', async () => {
    // Userinfo answers every bearer of a token (RFC 6750): the audience stands in the ID token.
    const { accessToken, claims } = await party.signIn(fiona)

    assert.equal((await other.userinfo(accessToken, claims.sub)).sub, claims.sub)
    assert.equal(claims.aud, party.id)
    assert.notEqual(claims.aud, other.id)
  })
})

describe('a secret of an application', () => {
  test('must be right, and be sent in the header', async () => {
    const form = { grant_type: 'refresh_token', refresh_token: 'x' }
    assert.equal((await post('/oidc/token', form, { id: party.id, secret: other.secret })).status, 401)
    assert.equal(
      (await post('/oidc/token', { ...form, client_id: party.id, client_secret: party.secret }, null)).status,
      401,
    )
    assert.equal((await post('/oidc/token', form, party)).error, 'invalid_grant')
  })

  test('is not the hash that is stored', async () => {
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', Buffer.from(party.secret)))
    for (const encoding of ['hex', 'base64', 'base64url'] as const) {
      const secret = Buffer.from(hash).toString(encoding)
      const form = { grant_type: 'refresh_token', refresh_token: 'x' }
      assert.equal((await post('/oidc/token', form, { id: party.id, secret })).status, 401)
    }
  })
})

describe('the browser', () => {
  test('a code that is injected into another browser is refused by the application', async () => {
    const { callback } = await party.authorize(fiona)
    const victim = await party.begin()

    await assert.rejects(party.redeem({ begun: victim, callback }))
    const withState = new URL(callback)
    withState.searchParams.set('state', victim.state)
    assert.equal(await errorOf(party.redeem({ begun: victim, callback: withState })), 'invalid_grant')
  })

  test('an interaction begun by an attacker and finished by a victim leads the attacker to sign-in', async () => {
    const attacker = app.browser()
    const begun = await party.begin()
    await attacker.get(begun.url.href)
    const interaction = attacker.last.location ?? ''
    const resume = interaction.replace('/interaction/', '/auth/')
    const victim = app.browser()
    for (const [name, value] of attacker.cookies) victim.cookies.set(name, value)
    await victim.post(`/sign-in?next=${encodeURIComponent(interaction)}`, {
      email: FINANCE,
      password: DEMO_PASSWORD,
    })
    assert.match((await victim.get(interaction)).body, /http-equiv="refresh"/)

    const page = await arriveAtPage(app, attacker, resume)

    assert.match(page.at, /^\/sign-in/)
  })

  test('an attacker who is signed in resumes as themselves, not as the victim', async () => {
    const attacker = app.browser()
    const begun = await party.begin()
    await attacker.get(begun.url.href)
    const interaction = attacker.last.location ?? ''
    const tossed = new Map(attacker.cookies)
    const victim = app.browser()
    await victim.signInWithPassword(FINANCE)
    for (const [name, value] of tossed) victim.cookies.set(name, value)
    await victim.get(interaction)
    await attacker.enrolAndSignIn(TECH)

    const callback = await arriveOutside(app, attacker, interaction.replace('/interaction/', '/auth/'))

    const tokens = await party.redeem({ begun, callback })
    assert.equal(tokens.claims()?.sub, (await app.userNamed(TECH)).id)
  })

  test('a stored session id as the cookie of the provider signs no person in', async () => {
    const [row] = await app.deps.sql<[{ id: string }]>`
      select id from sessions where user_id = ${(await app.userNamed(FINANCE)).id} limit 1`
    const thief = app.browser()
    thief.cookies.set('oidc', row.id)

    const { url } = await party.begin({ prompt: 'none' })

    assert.match((await thief.get(url.href)).location ?? '', /error=login_required/)
  })

  test('no cookie of the provider holds a session of the gate', async () => {
    await party.authorize(fiona)
    assert.equal(fiona.cookies.get('oidc'), undefined)
  })
})

describe('private_key_jwt', () => {
  let keys: jose.GenerateKeyPairResult
  let signed: RelyingParty
  before(async () => {
    keys = await jose.generateKeyPair('ES256')
    const jwk = { ...(await jose.exportJWK(keys.publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' }
    signed = await RelyingParty.register(
      app,
      { clientAuth: 'private_key_jwt', publicKeys: { keys: [jwk] } },
      {},
      client.PrivateKeyJwt({ key: keys.privateKey, kid: 'k1' }),
    )
  })

  const assertion = (claims: jose.JWTPayload = {}, key = keys.privateKey) =>
    new jose.SignJWT({ jti: crypto.randomUUID(), ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
      .setIssuer(signed.id)
      .setSubject(signed.id)
      .setAudience(claims.aud ?? `${app.origin}/oidc`)
      .setIssuedAt()
      .setExpirationTime('1m')
      .sign(key)

  const present = (jwt: string) =>
    post(
      '/oidc/token',
      {
        grant_type: 'refresh_token',
        refresh_token: 'x',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: jwt,
      },
      null,
    )

  test('signs in without a secret', async () => {
    const { claims } = await signed.signIn(fiona)
    assert.equal(claims.aud, signed.id)
  })

  test('an assertion works once', async () => {
    const jwt = await assertion()
    assert.equal((await present(jwt)).error, 'invalid_grant', 'the client is authenticated')
    assert.equal((await present(jwt)).status, 401)
  })

  test('of 10 at once with one assertion one is authenticated', async () => {
    for (let round = 0; round < 10; round += 1) {
      const jwt = await assertion()
      const answers = await Promise.all(Array.from({ length: 10 }, () => present(jwt)))
      assert.equal(answers.filter(({ status }) => status !== 401).length, 1)
    }
  })

  test('an assertion of another key or for another audience is refused', async () => {
    const stranger = await jose.generateKeyPair('ES256')
    assert.equal((await present(await assertion({}, stranger.privateKey))).status, 401)
    assert.equal((await present(await assertion({ aud: 'https://evil.example' }))).status, 401)
  })
})

describe('the addresses of the provider', () => {
  test('do not depend on what a request says about host and protocol', async () => {
    const { origin } = app
    for (const headers of [
      { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
      { forwarded: 'host=evil.example' },
      { 'x-forwarded-for': 'evil.example', 'x-original-host': 'evil.example' },
    ]) {
      const answer = await fetch(`${origin}/oidc/.well-known/openid-configuration`, { headers })
      const body = await answer.text()
      assert.ok(!body.includes('evil'))
      assert.equal(JSON.parse(body).token_endpoint, `${origin}/oidc/token`)
    }
  })

  test('are exact: another spelling is answered 404', async () => {
    for (const path of [
      '/oidc',
      '/oidc/',
      '/oidc/AUTH',
      '/oidc/auth/',
      '/OIDC/auth',
      '/oidc//auth',
      '/oidc/token/',
      '/oidc/reg',
      '/oidc/device',
      '/oidc/backchannel',
      '/oidc/.well-known/oauth-authorization-server',
    ]) {
      assert.equal((await app.browser().get(path)).status, 404, `GET ${path}`)
      assert.equal((await app.browser().post(path)).status, 404, `POST ${path}`)
    }
    assert.equal((await app.browser().get('/oidc/token')).status, 404)
  })
})

test('no code, token, secret or cookie is stored in clear', async () => {
  const theo = app.browser()
  const begun = await party.begin()
  const page = await arriveAtPage(app, theo, begun.url.href)
  const interactionId = /interaction%2F([\w-]+)/.exec(page.at)?.[1] ?? ''
  const requestUri = await other.push(await other.begin())
  const { accessToken, refreshToken } = await party.signIn(fiona)
  const { callback } = await party.authorize(fiona)
  await fiona.get('/oidc/session/end')
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(fiona.last.body)?.[1] ?? ''
  assert.ok(interactionId && xsrf)

  const found = findSecrets(
    [
      { name: 'access token', value: accessToken },
      { name: 'refresh token', value: refreshToken },
      { name: 'code', value: callback.searchParams.get('code') ?? '' },
      { name: 'interaction', value: interactionId },
      { name: 'pushed request', value: requestUri.split(':').at(-1) ?? '' },
      { name: 'client secret', value: party.secret },
      { name: 'cookie', value: fiona.cookies.get('sid') ?? '' },
    ],
    await rowsOf(app.deps.sql),
  )

  assert.deepEqual(found, [])
})

async function errorsOnRecord() {
  const rows = await app.deps.sql<{ details: Record<string, string> }[]>`
    select details from audit_events where action = 'application.error'`
  return rows.map(({ details }) => details)
}

async function post(
  path: string,
  form: Record<string, string>,
  as: { id: string; secret: string } | null,
): Promise<{ status: number; error?: string }> {
  const authorization = as && `Basic ${Buffer.from(`${as.id}:${as.secret}`).toString('base64')}`
  const answer = await fetch(app.origin + path, {
    method: 'POST',
    headers: authorization ? { authorization } : {},
    body: new URLSearchParams(form),
  })
  const body = await answer.text()
  return { status: answer.status, ...(body && JSON.parse(body)) }
}
