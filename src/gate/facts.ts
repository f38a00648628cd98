// The facts the gate decides by, derived from stored data. Missing data never means 'no MFA needed'. Pure.

import type { LockoutState } from '../lockout/policy.ts'
import { MINUTE } from '../platform/time/durations.ts'
import { mfaRequired, type Requirement } from './mfa-required.ts'

/** Half-way: password proven, MFA open. */
const HALFWAY_LIFE_MS = 10 * MINUTE

export interface Proofs {
  userId: string
  epoch: number
  passwordAt: number
  verified?: { at: number; authenticatorId: string }
  enrolled?: string
  presentAt?: number
  /** It was signed in once: what stops it now came later. */
  admitted?: boolean
  /** The path asked for before sign-in, on our own origin. */
  next?: string
}

export interface RoleGroup {
  key: string
  name: string
  /** Null: the policy does not require MFA of it. */
  requirement: Requirement | null
  rank: number
  isAdmin: boolean
  isServiceDesk: boolean
  isOperator: boolean
}

export interface ActiveAuthenticator {
  id: string
  activatedAt: Date
  lastAcceptedStep: number
  /** Null until the first sign-in with it. */
  lastUsedAt: Date | null
}

export interface Person {
  id: string
  email: string
  name: string
  status: 'invited' | 'active' | 'disabled'
  sessionEpoch: number
  clientId: string
  clientName: string
  ofPlatform: boolean
  clientSuspended: boolean
  /** Their account has child accounts. */
  ofParent: boolean
  roleGroups: readonly RoleGroup[]
  authenticator: ActiveAuthenticator | null
  codeLockout: LockoutState & { version: number }
}

export interface Facts {
  /** The password was proven, and neither the epoch, disabling nor suspension has ended that. */
  passwordProven: boolean
  /** A role requires MFA, or the invitation is not finished. */
  enrolmentRequired: boolean
  authenticatorActive: boolean
  /** Verified in this session with the authenticator that is active now. */
  codeProven: boolean
  /** The 10 minutes of a half-way sign-in are over, or codes were locked since. */
  halfwayOver: boolean
}

export function halfwayUntil({ passwordAt }: Pick<Proofs, 'passwordAt'>): Date {
  return new Date(passwordAt + HALFWAY_LIFE_MS)
}

const SIGNED_OUT: Facts = {
  passwordProven: false,
  enrolmentRequired: true,
  authenticatorActive: false,
  codeProven: false,
  halfwayOver: true,
}

export function factsOf(proofs: Proofs | undefined, person: Person | null, now: Date): Facts {
  if (!proofs || !person) return SIGNED_OUT
  const { authenticator } = person
  return {
    passwordProven:
      proofs.userId === person.id && proofs.epoch === person.sessionEpoch && shutOut(person) === null,
    enrolmentRequired: mfaRequired(person, now) || person.status === 'invited',
    authenticatorActive: authenticator !== null,
    codeProven: authenticator !== null && proofs.verified?.authenticatorId === authenticator.id,
    halfwayOver:
      now.getTime() - proofs.passwordAt > HALFWAY_LIFE_MS || codesLockedSince(proofs, person.codeLockout),
  }
}

export function codesLockedSince(
  { passwordAt }: Pick<Proofs, 'passwordAt'>,
  { lockedAt }: Pick<LockoutState, 'lockedAt'>,
): boolean {
  return lockedAt !== null && passwordAt <= lockedAt.getTime()
}

/** Only the right password leads to 'Lost your phone?': at the stage verify, or where wrong codes have locked since. */
export function mayAskForReset(f: Facts, codesLocked: boolean): boolean {
  return f.passwordProven && f.authenticatorActive && !f.codeProven && (codesLocked || !f.halfwayOver)
}

/** Why a person may not come in, whatever they prove. Null if they may. Shown only after the right password. */
export function shutOut({
  status,
  clientSuspended,
}: Pick<Person, 'status' | 'clientSuspended'>): 'disabled' | 'suspended' | null {
  if (clientSuspended) return 'suspended'
  return status === 'disabled' ? 'disabled' : null
}

export function passwordSuffices(
  person: Pick<Person, 'ofPlatform' | 'roleGroups' | 'authenticator'>,
  now: Date,
): boolean {
  return person.authenticator === null && !mfaRequired(person, now)
}
