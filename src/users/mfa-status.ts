// Spec: "displays MFA status for all users". Pure.
import type { Person } from '../gate/facts.ts'
import { mfaRequired } from '../gate/mfa-required.ts'
import { authenticatorDisabled } from '../lockout/policy.ts'

/** `pendingUntil`: when an enrolment in progress expires. */
export function mfaStatusOf(person: Person, pendingUntil: Date | null, now: Date) {
  const { authenticator } = person
  const pending = pendingUntil !== null && pendingUntil > now
  return {
    state: authenticator ? 'active' : pending ? 'pending' : 'none',
    since: authenticator?.activatedAt ?? null,
    required: mfaRequired(person, now),
    disabled: authenticator !== null && authenticatorDisabled(person.codeLockout),
  }
}
