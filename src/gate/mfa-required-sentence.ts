// A sentence for the person concerned: the account requires MFA for their role groups. Pure.
import type { Person } from './facts.ts'
import { isInForce, mfaRequired } from './mfa-required.ts'

const NAMES = new Intl.ListFormat('en-GB')

/** 'Harbour Group requires MFA for Tech Operator.'; null if nothing requires it. `isNew`: it stopped an open session. */
export function mfaRequiredSentence(
  person: Pick<Person, 'clientName' | 'ofPlatform' | 'roleGroups'>,
  { now, isNew }: { now: Date; isNew: boolean },
): string | null {
  if (!mfaRequired(person, now)) return null
  return `${person.clientName} ${isNew ? 'now requires' : 'requires'} MFA for ${whom(person, now)}.`
}

function whom({ ofPlatform, roleGroups }: Pick<Person, 'ofPlatform' | 'roleGroups'>, now: Date): string {
  if (ofPlatform) return 'everyone'
  if (roleGroups.length === 0) return 'people without a role group'
  const required = roleGroups.filter(({ requirement }) => requirement !== null && isInForce(requirement, now))
  return NAMES.format(required.map(({ name }) => name))
}
