// An application as a client of the provider, and the check of its secret. Pure.
import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { AllClientMetadata } from 'oidc-provider'
import { hashToken } from '../platform/crypto/link-token.ts'

/** Client metadata of our own: the SHA-256 of each secret that is valid now, in hex. */
export const SECRET_HASHES = 'secret_hashes'

/** The provider demands a secret of `client_secret_basic`. Nothing matches this one: `isSecretOf` replaces the comparison. */
const NO_SECRET = randomBytes(32).toString('base64url')

interface ApplicationRow {
  id: string
  name: string
  clientAuth: 'client_secret_basic' | 'private_key_jwt'
  publicKeys: unknown
  redirectUris: string[]
  postLogoutRedirectUris: string[]
  backChannelLogoutUri: string | null
  idTokenAlg: 'RS256' | 'EdDSA'
  refreshTokens: boolean
}

/** Client metadata of OpenID Connect Dynamic Client Registration 1.0. */
export function toClientMetadata(application: ApplicationRow): AllClientMetadata {
  const { id, name, clientAuth, publicKeys, backChannelLogoutUri } = application
  return {
    client_id: id,
    client_name: name,
    redirect_uris: application.redirectUris,
    post_logout_redirect_uris: application.postLogoutRedirectUris,
    response_types: ['code'],
    grant_types: application.refreshTokens ? ['authorization_code', 'refresh_token'] : ['authorization_code'],
    id_token_signed_response_alg: application.idTokenAlg,
    token_endpoint_auth_method: clientAuth,
    ...(clientAuth === 'private_key_jwt'
      ? { jwks: publicKeys as AllClientMetadata['jwks'] }
      : { client_secret: NO_SECRET }),
    ...(backChannelLogoutUri !== null && {
      backchannel_logout_uri: backChannelLogoutUri,
      backchannel_logout_session_required: true,
    }),
  }
}

/** Compares with each valid secret in constant time. */
export function isSecretOf(hashes: unknown, given: string): boolean {
  if (!Array.isArray(hashes)) return false
  const hash = hashToken(given)
  return hashes.map((known) => timingSafeEqual(Buffer.from(String(known), 'hex'), hash)).includes(true)
}
