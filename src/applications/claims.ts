// What the gate tells applications about a person: claims of ID tokens and assertions, and identity headers. Pure.
import { lastProofAt } from '../access/step-up.ts'
import type { Person, Proofs } from '../gate/facts.ts'
import { SECOND } from '../platform/time/durations.ts'

/** Values of `acr`. */
export const MFA_ACR = 'urn:portcullis:mfa'
export const PASSWORD_ACR = 'urn:portcullis:password'

/** OpenID Connect Core 1.0, section 2. `acr` is ours. */
export interface AuthenticationClaims {
  /** In seconds. */
  auth_time: number
  amr: string[]
  acr: typeof MFA_ACR | typeof PASSWORD_ACR
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
export function authenticationClaims(
  proofs: Pick<Proofs, 'passwordAt' | 'verified' | 'presentAt'>,
): AuthenticationClaims {
  return {
    auth_time: Math.floor(lastProofAt(proofs) / SECOND),
    ...(proofs.verified ? { amr: ['pwd', 'otp', 'mfa'], acr: MFA_ACR } : { amr: ['pwd'], acr: PASSWORD_ACR }),
  }
}
