// What the gate tells applications about a person: claims of ID tokens and assertions, and identity headers. Pure.
import type { Person, Proofs } from '../gate/facts.ts'

/** OpenID Connect Core 1.0, section 2. `acr` is ours. */
export interface AuthenticationClaims {
  /** In seconds. */
  auth_time: number
  amr: string[]
  acr: 'urn:portcullis:mfa' | 'urn:portcullis:password'
}

export interface IdentityClaims {
  name: string
  email: string
  /** Keys of the role groups. */
  groups: string[]
  account: { id: string; name: string }
}

/** `groups` and `account` are claims of ours. */
export function identityClaims({
  name,
  email,
  roleGroups,
  clientId,
  clientName,
}: Pick<Person, 'name' | 'email' | 'roleGroups' | 'clientId' | 'clientName'>): IdentityClaims {
  return {
    name,
    email,
    groups: roleGroups.map(({ key }) => key),
    account: { id: clientId, name: clientName },
  }
}

/** `proofs` are those of a signed-in session, so that a verified code is one of the current authenticator. */
export function authenticationClaims({
  passwordAt,
  verified,
  presentAt = 0,
}: Pick<Proofs, 'passwordAt' | 'verified' | 'presentAt'>): AuthenticationClaims {
  const authenticatedAt = Math.max(passwordAt, verified?.at ?? 0, presentAt)
  return {
    auth_time: Math.floor(authenticatedAt / 1000),
    ...(verified
      ? { amr: ['pwd', 'otp', 'mfa'], acr: 'urn:portcullis:mfa' }
      : { amr: ['pwd'], acr: 'urn:portcullis:password' }),
  }
}
