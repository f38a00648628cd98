// A sentence for the person concerned: the account requires MFA for their role groups. Pure.
import type { Person } from './facts.ts'
import { mfaRequired } from './mfa-required.ts'

const NAMES = new Intl.ListFormat('en-GB')

/** 'Harbour Group requires MFA for Tech Operator.'; null if nothing requires it. `isNew`: it stopped an open session. */
export function mfaRequiredSentence(
  person: Pick<Person, 'clientName' | 'ofPlatform' | 'roleGroups'>,
  { isNew }: { isNew: boolean },
): string | null {
  if (!mfaRequired(person)) return null
  return `${person.clientName} ${isNew ? 'now requires' : 'requires'} MFA for ${whom(person)}.`
}

function whom({ ofPlatform, roleGroups }: Pick<Person, 'ofPlatform' | 'roleGroups'>): string {
  if (ofPlatform) return 'everyone'
  if (roleGroups.length === 0) return 'people without a role group'
  return NAMES.format(roleGroups.filter(({ requiresMfa }) => requiresMfa).map(({ name }) => name))
}
