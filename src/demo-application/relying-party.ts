import * as openid from 'openid-client'
import type { Settings } from './settings.ts'

const SCOPE = 'openid profile email groups account'

/** What a browser must bring back from the provider. */
export interface Begun {
  state: string
  nonce: string
  verifier: string
}

export interface Tokens {
  accessToken: string
  refreshToken: string | undefined
}

export interface SignIn extends Tokens {
  idToken: string
  sub: string
  sid: string | undefined
}

/** Thrown when the provider no longer accepts the tokens of a session. */
export class SessionRefusedError extends Error {
  constructor(cause: unknown) {
    super('the provider refused the session', { cause })
    this.name = 'SessionRefusedError'
  }
}

/** This dashboard as a client of the OpenID Connect provider: authorization code with PKCE, userinfo, refresh, logout. */
export class RelyingParty {
  readonly #settings: Settings
  #discovery: Promise<openid.Configuration> | null = null

  constructor(settings: Settings) {
    this.#settings = settings
  }

  get redirectUri(): string {
    return `${this.#settings.address}/callback`
  }

  async begin(): Promise<{ url: URL; begun: Begun }> {
    const verifier = openid.randomPKCECodeVerifier()
    const begun = { state: openid.randomState(), nonce: openid.randomNonce(), verifier }
    const url = openid.buildAuthorizationUrl(await this.discovered(), {
      redirect_uri: this.redirectUri,
      scope: SCOPE,
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state: begun.state,
      nonce: begun.nonce,
    })
    return { url, begun }
  }

  /** Redeems the code in `callback`, the address to which the browser came back. */
  async redeem(callback: URL, { state, nonce, verifier }: Begun): Promise<SignIn> {
    const answer = await openid.authorizationCodeGrant(await this.discovered(), callback, {
      expectedState: state,
      expectedNonce: nonce,
      pkceCodeVerifier: verifier,
      idTokenExpected: true,
    })
    const claims = answer.claims()
    if (!claims || !answer.id_token) throw new Error('the provider sent no ID token')
    return {
      ...tokensOf(answer),
      idToken: answer.id_token,
      sub: claims.sub,
      sid: typeof claims.sid === 'string' ? claims.sid : undefined,
    }
  }

  /** Who the person is now. Throws SessionRefusedError if their session has ended. */
  async userinfo({ accessToken }: Tokens, sub: string): Promise<openid.UserInfoResponse> {
    return openid.fetchUserInfo(await this.discovered(), accessToken, sub).catch(refusedOr)
  }

  /** Throws SessionRefusedError if the session has ended. */
  async refresh(refreshToken: string): Promise<Tokens> {
    return tokensOf(await openid.refreshTokenGrant(await this.discovered(), refreshToken).catch(refusedOr))
  }

  /** Where a browser signs out of the provider, and comes back from. */
  async signOutUrl(idToken: string): Promise<URL> {
    return openid.buildEndSessionUrl(await this.discovered(), {
      id_token_hint: idToken,
      post_logout_redirect_uri: `${this.#settings.address}/signed-out`,
    })
  }

  /** The metadata of the provider, read once it answers. */
  discovered(): Promise<openid.Configuration> {
    const { issuer, clientId, clientSecret } = this.#settings
    this.#discovery ??= openid
      .discovery(new URL(issuer), clientId, undefined, openid.ClientSecretBasic(clientSecret), {
        execute: issuer.startsWith('http:') ? [openid.allowInsecureRequests] : [],
      })
      .catch((error) => {
        this.#discovery = null
        throw error
      })
    return this.#discovery
  }
}

function tokensOf(answer: openid.TokenEndpointResponse): Tokens {
  return {
    accessToken: answer.access_token,
    refreshToken: answer.refresh_token,
  }
}

function refusedOr(error: unknown): never {
  const refused =
    (error instanceof openid.WWWAuthenticateChallengeError && error.status === 401) ||
    (error instanceof openid.ResponseBodyError && error.error === 'invalid_grant')
  throw refused ? new SessionRefusedError(error) : error
}
