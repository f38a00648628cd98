import { hkdfSync } from 'node:crypto'
import type { Configuration, FindAccount, JWK } from 'oidc-provider'
import { authenticationClaims, identityClaims, MFA_ACR, PASSWORD_ACR } from '../applications/claims.ts'
import type { Deps } from '../deps.ts'
import type { Person, Proofs } from '../gate/facts.ts'
import { MINUTE, SECOND } from '../platform/time/durations.ts'
import { adapterOf } from './adapter.ts'
import { INTERACTION_LIFE_S } from './artifacts.ts'
import { SECRET_HASHES } from './client-metadata.ts'
import { errorPage } from './error-page.ts'
import { grantInUse } from './grant-in-use.ts'
import { promptsOf } from './prompts.ts'
import { CLAIMS } from './scopes.ts'
import { renderSignedOut, renderSignOut } from './sign-out-page.ts'
import { signedInBy } from './signed-in.ts'

export const COOKIES = { session: 'oidc', interaction: 'oidc-interaction', resume: 'oidc-resume' }

/** The settings of the provider. `keys`: private, the first of an algorithm signs. */
export function settingsOf(deps: Deps, keys: JWK[]): Configuration {
  const { config } = deps
  const cookie = { httpOnly: true, sameSite: 'lax', secure: config.PUBLIC_URL.startsWith('https:') } as const
  const absolute = config.SESSION_ABSOLUTE / SECOND
  return {
    adapter: adapterOf(deps),
    jwks: { keys },
    cookies: {
      keys: config.SESSION_SECRET.map(cookieKey),
      names: COOKIES,
      long: { ...cookie, signed: false, path: '/' },
      short: { ...cookie, signed: true },
    },
    scopes: ['openid', 'offline_access'],
    claims: CLAIMS,
    // Name, groups and account are in the ID token too, for applications that never ask userinfo.
    conformIdTokenClaims: false,
    acrValues: [MFA_ACR, PASSWORD_ACR],
    responseTypes: ['code'],
    allowOmittingSingleRegisteredRedirectUri: false,
    clientAuthMethods: ['client_secret_basic', 'private_key_jwt'],
    extraClientMetadata: { properties: [SECRET_HASHES] },
    enabledJWA: {
      idTokenSigningAlgValues: ['RS256', 'EdDSA'],
      // EdDSA and Ed25519 are two names of one algorithm.
      clientAuthSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'],
    },
    pkce: { required: () => true },
    clientBasedCORS: () => false,
    // Clocks of applications may be wrong by this many seconds.
    clockTolerance: 15,
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      resourceIndicators: { enabled: false },
      pushedAuthorizationRequests: { enabled: true },
      revocation: { enabled: true },
      introspection: {
        enabled: true,
        // By default every application may look into the tokens of all others.
        allowedPolicy: async (_ctx, client, token) => token.clientId === client.clientId,
      },
      // Announces it, and puts `sid` into ID tokens. The worker sends the logout tokens.
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: renderSignOut,
        postLogoutSuccessSource: renderSignedOut,
      },
    },
    ttl: {
      AccessToken: (5 * MINUTE) / SECOND,
      AuthorizationCode: MINUTE / SECOND,
      IdToken: (5 * MINUTE) / SECOND,
      Interaction: INTERACTION_LIFE_S,
      RefreshToken: absolute,
      Grant: absolute,
      Session: absolute,
    },
    // The grant decides: each use reads it together with its session.
    expiresWithSession: async () => false,
    revokeGrantPolicy: () => true,
    rotateRefreshToken: true,
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    interactions: {
      policy: promptsOf(deps),
      url: (_ctx, { uid }) => `/oidc/interaction/${uid}`,
    },
    // Opened by the last prompt, after everything else is settled.
    loadExistingGrant: async () => undefined,
    findAccount: accountFinder(deps),
    renderError: errorPage(deps),
  }
}

/** The person behind a code or token, or else the one who is signed in to this browser. */
function accountFinder(deps: Deps): FindAccount {
  return async (ctx, id, token) => {
    const grantId = token && 'grantId' in token ? token.grantId : undefined
    if (token && grantId === undefined) return undefined
    const found = grantId ? await grantInUse(deps, grantId) : signedInBy(ctx.req, deps.clock)
    if (!found || found.person.id !== id) return undefined
    return {
      accountId: id,
      claims: () => claimsOf(found.person, 'proofs' in found ? found.proofs : found.session),
    }
  }
}

function claimsOf(person: Person, proofs: Proofs) {
  return {
    sub: person.id,
    ...identityClaims(person),
    // They followed a link that was mailed to this address.
    email_verified: true,
    ...authenticationClaims(proofs),
  }
}

function cookieKey(secret: string): string {
  return Buffer.from(hkdfSync('sha256', secret, '', 'portcullis oidc cookies', 32)).toString('base64url')
}
