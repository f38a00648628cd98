// Two applications behind the gate: one behind a proxy that asks about each request, one that speaks OpenID Connect.
import { createHash, randomBytes } from 'node:crypto'
import { createLocalJWKSet, decodeJwt, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose'
import type { Database } from '../../src/platform/db/client.ts'
import { SECOND } from '../../src/platform/time/durations.ts'
import { addApplication } from '../support/applications.ts'
import type { Answer } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'

export const HOST = 'reports.example'
const CALLBACK = 'http://127.0.0.1:9/callback'

export interface Registered {
  id: string
  secret: string
}

/** Registers both. Returns that of OpenID Connect, which is told at `backChannelLogoutUri` of sessions that end. */
export async function registerApplications(db: Database, backChannelLogoutUri: string): Promise<Registered> {
  const address = `https://${HOST}/`
  await addApplication(db, { name: 'Reports', way: 'forward-auth', host: HOST, address })
  return addApplication(db, { name: 'Ledger', redirectUris: [CALLBACK], backChannelLogoutUri })
}

export interface Begun {
  path: string
  verifier: string
  nonce: string
}

/** The application that speaks OpenID Connect, as far as it sends requests of its own. */
export class RelyingParty {
  readonly #origin: string
  readonly #registered: Registered
  readonly #keys: ReturnType<typeof createLocalJWKSet>

  private constructor(origin: string, registered: Registered, keys: JSONWebKeySet) {
    this.#origin = origin
    this.#registered = registered
    this.#keys = createLocalJWKSet(keys)
  }

  static async open(origin: string, registered: Registered): Promise<RelyingParty> {
    const keys = await eventually('there are keys', async () => {
      const response = await fetch(`${origin}/oidc/jwks`)
      return response.status === 200 && ((await response.json()) as JSONWebKeySet)
    })
    return new RelyingParty(origin, registered, keys)
  }

  begin(): Begun {
    const [verifier, nonce] = [randomText(), randomText()]
    const query = new URLSearchParams({
      client_id: this.#registered.id,
      response_type: 'code',
      redirect_uri: CALLBACK,
      scope: 'openid profile',
      state: randomText(),
      nonce,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    })
    return { path: `/oidc/auth?${query}`, verifier, nonce }
  }

  redeem(code: string, { verifier }: Begun): Promise<Answer> {
    const { id, secret } = this.#registered
    return this.#ask('/oidc/token', {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code,
        redirect_uri: CALLBACK,
        code_verifier: verifier,
      }),
    })
  }

  /** Asks who is there, as at each request. */
  userinfo(accessToken: string): Promise<Answer> {
    return this.#ask('/oidc/me', { headers: { authorization: `Bearer ${accessToken}` } })
  }

  /**
   * Returns the access token. Throws if the ID token is not one of this person for this sign-in. Its times are not
   * asked: they come from the clock of the process, and one may be wrong.
   */
  async accept({ body }: Answer, { nonce }: Begun, person: string): Promise<string> {
    const tokens: { id_token: string; access_token: string } = JSON.parse(body)
    const claims = await this.#verify(tokens.id_token)
    if (claims.sub !== person || claims.nonce !== nonce)
      throw new Error('the ID token is that of another person or sign-in')
    return tokens.access_token
  }

  async readLogoutToken(token: string): Promise<{ sid: string; sub: string | undefined }> {
    const { sid, sub } = await this.#verify(token)
    return { sid: String(sid), sub }
  }

  async #verify(token: string): Promise<JWTPayload> {
    const { iat = 0 } = decodeJwt(token)
    const { payload } = await jwtVerify(token, this.#keys, {
      issuer: `${this.#origin}/oidc`,
      audience: this.#registered.id,
      currentDate: new Date(iat * SECOND),
    })
    return payload
  }

  async #ask(path: string, init: RequestInit): Promise<Answer> {
    const response = await fetch(this.#origin + path, { redirect: 'manual', ...init })
    const { status, headers } = response
    return { status, headers, location: headers.get('location'), body: await response.text() }
  }
}

function randomText(): string {
  return randomBytes(32).toString('base64url')
}
