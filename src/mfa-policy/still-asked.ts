// Whether a mail that asks a person to set up MFA is still of use when it is sent. Pure.
import type { Person } from '../gate/facts.ts'
import { mfaRequired, mfaRequiredFrom } from '../gate/mfa-required.ts'

/** False after enrolment, disabling and suspension, and once the policy says something else. True for other mails. */
export function isStillAsked(
  { kind, facts }: { kind: string; facts: Record<string, string> },
  person: Person | null,
  now: Date,
): boolean {
  if (kind !== 'mfa-reminder' && kind !== 'mfa-required-from') return true
  if (person?.status !== 'active' || person.clientSuspended || person.authenticator) return false
  if (kind === 'mfa-reminder') return mfaRequired(person, now)
  return mfaRequiredFrom(person, now)?.toISOString() === facts.startsAt
}
