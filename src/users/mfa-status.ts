// Spec: "displays MFA status for all users". What lists and the page of a user show of it. Pure.
import { mfaRequired, type Person } from '../gate/facts.ts'
import { authenticatorDisabled } from '../lockout/policy.ts'

export interface MfaStatus {
  state: 'active' | 'pending' | 'none'
  since: Date | null
  required: boolean
  /** 100 wrong codes in a row: only a reset helps. */
  disabled: boolean
}

/** The MFA status of a user at `now`. `pendingUntil`: until when an enrolment that was begun may be finished. */
export function mfaStatusOf(person: Person, pendingUntil: Date | null, now: Date): MfaStatus {
  const { authenticator } = person
  const pending = pendingUntil !== null && pendingUntil > now
  return {
    state: authenticator ? 'active' : pending ? 'pending' : 'none',
    since: authenticator?.activatedAt ?? null,
    required: mfaRequired(person),
    disabled: authenticator !== null && authenticatorDisabled(person.codeLockout),
  }
}
