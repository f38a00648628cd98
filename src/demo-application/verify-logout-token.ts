import { createRemoteJWKSet, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
const MAX_AGE_SECONDS = 180
const CLOCK_TOLERANCE_SECONDS = 15

export interface EndedSession {
  sub: string | undefined
  sid: string | undefined
}

interface Provider {
  issuer: string
  jwks_uri?: string | undefined
}

/** Verifies logout tokens (OpenID Connect Back-Channel Logout 1.0, 2.6) of one provider for one client. */
export class LogoutTokens {
  /** Each accepted `jti`, until its token could not be accepted any more. */
  readonly #seen = new Map<string, number>()
  #keys: { uri: string; get: JWTVerifyGetKey } | null = null

  /** Throws if the token is not valid, or was accepted before. */
  async accept(token: string, provider: Provider, clientId: string): Promise<EndedSession> {
    const { payload } = await jwtVerify(token, this.#keysOf(provider), {
      issuer: provider.issuer,
      audience: clientId,
      typ: 'logout+jwt',
      algorithms: ['RS256', 'EdDSA'],
      requiredClaims: ['jti', 'iat', 'exp', 'events'],
      maxTokenAge: MAX_AGE_SECONDS,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
    })
    const { events, nonce } = payload
    if (typeof events !== 'object' || events === null || !Object.hasOwn(events, EVENT))
      throw new Error('the token is no logout token')
    // An ID token must never pass as a logout token.
    if (nonce !== undefined) throw new Error('a logout token has no nonce')
    const { sub } = payload
    const sid = typeof payload.sid === 'string' ? payload.sid : undefined
    if (sub === undefined && sid === undefined) throw new Error('the token names neither person nor session')
    this.#acceptOnce(payload)
    return { sub, sid }
  }

  #acceptOnce({ jti, exp = 0 }: JWTPayload): void {
    const now = Date.now() / 1000
    for (const [seen, until] of this.#seen) if (until < now) this.#seen.delete(seen)
    if (typeof jti !== 'string' || this.#seen.has(jti)) throw new Error('the token was used before')
    this.#seen.set(jti, exp + CLOCK_TOLERANCE_SECONDS)
  }

  #keysOf({ jwks_uri: uri }: Provider): JWTVerifyGetKey {
    if (uri === undefined) throw new Error('the provider publishes no keys')
    if (this.#keys?.uri !== uri) this.#keys = { uri, get: createRemoteJWKSet(new URL(uri)) }
    return this.#keys.get
  }
}
