// Why a person who proved the password is not signed in any more. Pure.
import type { SessionEnd } from '../platform/session-end.ts'
import { codesLockedSince, type Person, type Proofs, shutOut } from './facts.ts'
import { mfaRequired } from './mfa-required.ts'

export type SignedOutReason =
  | SessionEnd
  | 'codes-locked'
  | 'took-too-long'
  /** The account's policy or a new role group stopped an open session. */
  | 'mfa-required'
  | 'enrolled-elsewhere'
  | 'over'

/** For a session that the gate counts as signed out although its password was right. */
export function signedOutReason(proofs: Proofs, person: Person | null, now: Date): SignedOutReason {
  if (!person || proofs.userId !== person.id) return 'over'
  const shut = shutOut(person)
  if (shut) return shut
  if (proofs.epoch !== person.sessionEpoch) return 'over'
  if (codesLockedSince(proofs, person.codeLockout)) return 'codes-locked'
  if (!proofs.admitted) return 'took-too-long'
  if (person.authenticator) return 'enrolled-elsewhere'
  return mfaRequired(person, now) ? 'mfa-required' : 'over'
}

/** For a session that was ended: what shuts the person out now comes first, and what no longer does is left out. */
export function endedReason(because: SessionEnd, person: Person | null): SignedOutReason {
  const shut = person && shutOut(person)
  if (shut) return shut
  return because === 'disabled' || because === 'suspended' ? 'over' : because
}
