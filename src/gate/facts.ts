// What the gate needs to know, derived from what is stored. Pure. Absence of data never means 'no MFA needed'.

import type { LockoutState } from '../lockout/policy.ts'
import { MINUTE } from '../platform/time/durations.ts'

/** How long a sign-in may stay half-way: password proven, MFA open. */
const HALFWAY_LIFE_MS = 10 * MINUTE

/** What a session has proven, as stored in it. Times in milliseconds since 1970. */
export interface Proofs {
  userId: string
  /** The user's session epoch at sign-in. */
  epoch: number
  passwordAt: number
  /** Set once a code was accepted: when, and from which authenticator. */
  verified?: { at: number; authenticatorId: string }
  /** The authenticator that was set up in this session. */
  enrolled?: string
  /** When the person last proved again that they are there, for what they administer. */
  presentAt?: number
  /** Where the person wanted to go: a path of ours. */
  next?: string
}

export interface RoleGroup {
  key: string
  name: string
  requiresMfa: boolean
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

/** A user as the gate reads them, with their account, role groups, authenticator and code lockout. */
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
  /** There are accounts below theirs. */
  ofParent: boolean
  roleGroups: readonly RoleGroup[]
  authenticator: ActiveAuthenticator | null
  codeLockout: LockoutState & { version: number }
}

export interface Facts {
  /** The password was proven, and nothing since has ended that: epoch, disabling, suspension. */
  passwordProven: boolean
  /** MFA is required of the person, or the invitation is not finished. */
  enrolmentRequired: boolean
  authenticatorActive: boolean
  /** This session has verified with the authenticator that is active now. */
  codeProven: boolean
  /** A half-way sign-in has run out: its 10 minutes are over, or codes were locked since. */
  halfwayOver: boolean
}

/** When a half-way sign-in with these proofs runs out. */
export function halfwayUntil({ passwordAt }: Pick<Proofs, 'passwordAt'>): Date {
  return new Date(passwordAt + HALFWAY_LIFE_MS)
}

const NOBODY: Facts = {
  passwordProven: false,
  enrolmentRequired: true,
  authenticatorActive: false,
  codeProven: false,
  halfwayOver: true,
}

/** The facts of one browser at `now`. No proofs or no such user: nobody. */
export function factsOf(proofs: Proofs | undefined, person: Person | null, now: Date): Facts {
  if (!proofs || !person) return NOBODY
  const { authenticator } = person
  return {
    passwordProven:
      proofs.userId === person.id &&
      proofs.epoch === person.sessionEpoch &&
      person.status !== 'disabled' &&
      !person.clientSuspended,
    enrolmentRequired: mfaRequired(person) || person.status === 'invited',
    authenticatorActive: authenticator !== null,
    codeProven: authenticator !== null && proofs.verified?.authenticatorId === authenticator.id,
    halfwayOver:
      now.getTime() - proofs.passwordAt > HALFWAY_LIFE_MS ||
      (person.codeLockout.lockedAt !== null && proofs.passwordAt <= person.codeLockout.lockedAt.getTime()),
  }
}

/**
 * Spec: "enforcement of MFA is tied to the user's assigned roles, not individual user settings". Required if
 * any role group requires it; in the platform account always; of somebody without a role group too.
 */
export function mfaRequired(person: {
  ofPlatform: boolean
  roleGroups: readonly Pick<RoleGroup, 'requiresMfa'>[]
}): boolean {
  return (
    person.ofPlatform ||
    person.roleGroups.length === 0 ||
    person.roleGroups.some(({ requiresMfa }) => requiresMfa)
  )
}

/** Whether a password alone signs this person in: no MFA is required of them, and no authenticator is there to be asked. */
export function passwordSuffices(
  person: Pick<Person, 'ofPlatform' | 'roleGroups' | 'authenticator'>,
): boolean {
  return person.authenticator === null && !mfaRequired(person)
}
