// An application with openid-client, as the people who build dashboards use it.
import assert from 'node:assert/strict'
import * as client from 'openid-client'
import { startApp, type TestApp } from '../support/app.ts'
import { addApplication } from '../support/applications.ts'
import type { Answer, Browser } from '../support/browser.ts'

export const CALLBACK = 'http://127.0.0.1:9/callback'
export const AFTER_LOGOUT = 'http://127.0.0.1:9/bye'
const SCOPE = 'openid profile email groups account'

type Registered = Parameters<typeof addApplication>[1]

/** The application with a clock that begins now: tokens are compared with the time of this process. */
export async function startProvider(env: Record<string, string> = {}): Promise<TestApp> {
  const app = await startApp({ ADDRESS_ATTEMPTS: '100000', ...env })
  app.clock.advance(Date.now() - app.clock.now().getTime())
  return app
}

/** What an application keeps between its request and the answer. */
export interface Begun {
  url: URL
  verifier: string
  state: string
  nonce: string
}

export class RelyingParty {
  readonly app: TestApp
  readonly name: string
  readonly id: string
  readonly secret: string
  readonly config: client.Configuration

  private constructor(
    app: TestApp,
    name: string,
    { id, secret }: { id: string; secret: string },
    config: client.Configuration,
  ) {
    this.app = app
    this.name = name
    this.id = id
    this.secret = secret
    this.config = config
  }

  static async register(
    app: TestApp,
    given: Partial<Registered> = {},
    metadata: Partial<client.ClientMetadata> = {},
    auth?: client.ClientAuth,
    customFetch?: client.CustomFetch,
  ): Promise<RelyingParty> {
    registered += 1
    const name = given.name ?? `Application ${registered}`
    const added = await addApplication(app.deps.db, {
      redirectUris: [CALLBACK],
      postLogoutRedirectUris: [AFTER_LOGOUT],
      ...given,
      name,
    })
    const config = await client.discovery(
      new URL(`${app.origin}/oidc`),
      added.id,
      metadata,
      auth ?? client.ClientSecretBasic(added.secret),
      {
        execute: [client.allowInsecureRequests],
        ...(customFetch && { [client.customFetch]: customFetch }),
      },
    )
    return new RelyingParty(app, name, added, config)
  }

  async begin(params: Record<string, string> = {}): Promise<Begun> {
    const verifier = client.randomPKCECodeVerifier()
    const state = client.randomState()
    const nonce = client.randomNonce()
    const url = client.buildAuthorizationUrl(this.config, {
      redirect_uri: CALLBACK,
      scope: SCOPE,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
      ...params,
    })
    return { url, verifier, state, nonce }
  }

  /** The answer of the gate to a browser that is signed in. */
  async authorize(browser: Browser, params: Record<string, string> = {}) {
    const begun = await this.begin(params)
    const callback = await arriveOutside(this.app, browser, begun.url.href)
    return { begun, callback }
  }

  redeem({ begun, callback }: { begun: Begun; callback: URL }, maxAge?: number) {
    return client.authorizationCodeGrant(this.config, callback, {
      pkceCodeVerifier: begun.verifier,
      expectedState: begun.state,
      expectedNonce: begun.nonce,
      ...(maxAge !== undefined && { maxAge }),
    })
  }

  /** Signs a browser in that the gate knows. */
  async signIn(browser: Browser, params: Record<string, string> = {}) {
    const tokens = await this.redeem(await this.authorize(browser, params))
    const claims = tokens.claims()
    assert.ok(claims)
    return { tokens, claims, accessToken: tokens.access_token, refreshToken: tokens.refresh_token ?? '' }
  }

  /** RFC 9126. Returns the `request_uri`. */
  async push({ url }: Begun): Promise<string> {
    const parameters = Object.fromEntries(url.searchParams)
    const pushed = await client.buildAuthorizationUrlWithPAR(this.config, parameters)
    return pushed.searchParams.get('request_uri') ?? ''
  }

  userinfo(accessToken: string, sub: string) {
    return client.fetchUserInfo(this.config, accessToken, sub)
  }

  refresh(refreshToken: string) {
    return client.refreshTokenGrant(this.config, refreshToken)
  }

  revoke(token: string) {
    return client.tokenRevocation(this.config, token)
  }

  async introspect(token: string): Promise<boolean> {
    return (await client.tokenIntrospection(this.config, token)).active
  }
}
let registered = 0

/** Follows redirects, and pages that go on by themselves, until they leave the gate. */
export async function arriveOutside(app: TestApp, browser: Browser, from: string): Promise<URL> {
  const { outside, last } = await follow(app, browser, from)
  assert.ok(outside, `stopped at the page ${/<h1>(.*?)<\/h1>/.exec(last.body)?.[1] ?? last.status}`)
  return outside
}

/** Follows redirects until a page waits for the person. */
export async function arriveAtPage(app: TestApp, browser: Browser, from: string) {
  const { outside, last, at } = await follow(app, browser, from)
  assert.equal(outside, null, `was sent to ${outside?.href}`)
  return { ...last, at }
}

async function follow(
  app: TestApp,
  browser: Browser,
  from: string,
): Promise<{ outside: URL | null; last: Answer; at: string }> {
  let url = new URL(from, app.origin)
  for (let hops = 0; hops < 15; hops += 1) {
    if (url.origin !== app.origin) return { outside: url, last: browser.last, at: url.href }
    const answer = await browser.get(url.href)
    const next = answer.location ?? refreshOf(answer)
    if (next === null) return { outside: null, last: answer, at: url.pathname + url.search }
    url = new URL(next, url)
  }
  throw new Error('redirected in circles')
}

function refreshOf({ body }: Answer): string | null {
  return /<meta http-equiv="refresh" content="0;url=([^"]+)">/.exec(body)?.[1] ?? null
}

/** The error code of the provider, or 'none'. */
export async function errorOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'none'
  } catch (error) {
    if (error instanceof client.ResponseBodyError || error instanceof client.AuthorizationResponseError)
      return error.error
    if (error instanceof client.WWWAuthenticateChallengeError)
      return error.cause[0]?.parameters.error ?? String(error.status)
    throw error
  }
}
