// TLS ends at an nginx, which asks another nginx, both as their document configures them.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { CustomFetch } from 'openid-client'
import { anyFreePort } from '../../src/start/free-port.ts'
import type { TestApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'
import { FINANCE } from '../support/cast.ts'
import { ExactBrowser } from '../support/exact-browser.ts'
import { type RunningProxy, skipWithout, startInnerNginx, startProxy } from '../support/proxy-process.ts'
import { RelyingParty, startProvider } from './relying-party.ts'

const FORGED = {
  'x-forwarded-for': '203.0.113.9',
  'x-forwarded-proto': 'http',
  'x-forwarded-host': 'evil.example',
  forwarded: 'for=203.0.113.9;proto=http;host=evil.example',
}

describe('behind two proxies', { skip: skipWithout('nginx', 'openssl') }, () => {
  let app: TestApp
  /** The same as browsers and applications see it. */
  let outside: TestApp
  let proxies: RunningProxy[]
  let innerPort: number
  let gateHost: string
  let party: RelyingParty
  let fiona: Browser
  let signedIn: Awaited<ReturnType<Browser['signInWithPassword']>>

  before(async () => {
    const port = await anyFreePort()
    innerPort = await anyFreePort()
    gateHost = `gate.localhost:${port}`
    const origin = `https://${gateHost}`
    app = await startProvider({ PUBLIC_URL: origin, TRUST_PROXY: '2' })
    const gatePort = Number(new URL(app.origin).port)
    const others = { reportsHost: 'reports.localhost', ledgerHost: 'ledger.localhost', reportsPort: 9 }
    proxies = [
      await startInnerNginx({ port: innerPort, gatePort, gateHost }),
      await startProxy('nginx', { port, gateHost, gatePort: innerPort, ...others }),
    ]
    const browser = () => new ThroughProxies(app, port, gateHost)
    outside = { ...app, origin, browser }
    party = await RelyingParty.register(outside, {}, {}, undefined, fetchBy(browser))
    fiona = browser()
    signedIn = await fiona.signInWithPassword(FINANCE)
  })
  after(async () => {
    for (const proxy of proxies ?? []) await proxy.stop()
    await app?.close()
  })

  const setCookies = ({ headers }: { headers: Headers }) => headers.get('set-cookie') ?? ''

  test('a browser gets a secure cookie, although it forges what proxies say, and is known by its own address', async () => {
    assert.equal(signedIn.location, '/')
    assert.match(setCookies(signedIn), /(^|,)__Host-sid=[^;]+; Path=\/; HttpOnly; Secure; SameSite=Lax/)
    const [session] = await app.deps.sql<
      [{ address: string }]
    >`select host(address::inet) as address from sessions`
    assert.equal(session.address, '127.0.0.1')
  })

  test('the metadata name the address that browsers see', async () => {
    const metadata = party.config.serverMetadata()
    assert.equal(metadata.issuer, `https://${gateHost}/oidc`)
    const addresses = Object.entries(metadata).filter(([name]) => /_(endpoint|uri)$/.test(name))
    assert.ok(addresses.length >= 7)
    for (const [name, address] of addresses)
      assert.ok(String(address).startsWith(`https://${gateHost}/oidc/`), name)
  })

  test('an application signs a person in, refreshes, and signs them out', async () => {
    const { tokens, claims, accessToken, refreshToken } = await party.signIn(fiona)
    assert.equal(claims.iss, `https://${gateHost}/oidc`)
    assert.equal((await party.userinfo(accessToken, claims.sub)).email, FINANCE)
    await party.refresh(refreshToken)

    const query = new URLSearchParams({ id_token_hint: tokens.id_token ?? '' })
    const { status, body } = await fiona.get(`/oidc/session/end?${query}`)
    assert.equal(status, 200)
    assert.match(body, /action="\/oidc\/session\/end\/confirm"/)
  })

  test('an application signs a person in by a pushed request', async () => {
    const begun = await party.begin()
    const query = new URLSearchParams({ client_id: party.id, request_uri: await party.push(begun) })
    const { location } = await fiona.get(`/oidc/auth?${query}`)

    const tokens = await party.redeem({ begun, callback: new URL(location ?? '') })

    assert.equal(tokens.claims()?.iss, `https://${gateHost}/oidc`)
  })

  test('the cookies of an interaction are secure, and it comes back over https', async () => {
    const { url } = await party.begin({ prompt: 'login' })

    const answer = await fiona.get(url.href)

    assert.match(answer.location ?? '', /^\/oidc\/interaction\//)
    const cookies = setCookies(answer).split(/,(?=\s*oidc)/)
    assert.ok(cookies.length >= 2)
    for (const cookie of cookies) assert.match(cookie, /; secure/i)
  })

  test('a request that reaches the inner proxy without TLS before it gets no session', async () => {
    const plain = new ExactBrowser(`http://127.0.0.1:${innerPort}`, app.clock, { host: gateHost })

    const answer = await plain.signInWithPassword(FINANCE)

    assert.doesNotMatch(setCookies(answer), /sid=/)
  })
})

/** Forges the headers of proxies with every request. */
class ThroughProxies extends ExactBrowser {
  constructor(app: TestApp, port: number, host: string) {
    super(`https://127.0.0.1:${port}`, app.clock, { host, ...FORGED })
  }

  override request(...[method, address, init]: Parameters<Browser['request']>) {
    const { pathname, search } = new URL(address, 'https://gate.localhost')
    return super.request(method, pathname + search, init)
  }
}

/** Node knows neither the host nor its certificate. */
function fetchBy(browser: () => Browser): CustomFetch {
  return async (address, { method, headers, body }) => {
    const sent = { headers: Object.fromEntries(new Headers(headers)), ...(body && { body: String(body) }) }
    const answer = await browser().request(method, address, sent)
    return new Response(answer.body, { status: answer.status, headers: answer.headers })
  }
}
