import { randomUUID } from 'node:crypto'
import { importJWK, SignJWT } from 'jose'
import { SECOND } from '../platform/time/durations.ts'
import type { SigningAlg } from '../signing-keys/plan-rotation.ts'
import type { SigningKey } from '../signing-keys/signing-keys.queries.ts'

const LIFE_SECONDS = 120
const EVENT = 'http://schemas.openid.net/event/backchannel-logout'

export interface EndedSession {
  applicationId: string
  userId: string
  sid: string
  alg: SigningAlg
}

/** A logout token (OpenID Connect Back-Channel Logout 1.0, 2.4), with a new `jti` each time. */
export async function logoutToken(
  { applicationId, userId, sid, alg }: EndedSession,
  issuer: string,
  keys: readonly SigningKey[],
  now: Date,
): Promise<string> {
  const key = keys.find((published) => published.alg === alg)
  if (!key) throw new Error(`there is no signing key for ${alg}`)
  const issuedAt = Math.floor(now.getTime() / SECOND)
  return new SignJWT({ sid, events: { [EVENT]: {} } })
    .setProtectedHeader({ typ: 'logout+jwt', alg, kid: key.kid })
    .setIssuer(issuer)
    .setAudience(applicationId)
    .setSubject(userId)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + LIFE_SECONDS)
    .setJti(randomUUID())
    .sign(await importJWK(key.privateJwk, alg))
}
