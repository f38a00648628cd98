// The start of a requirement of MFA, shown to the people concerned on every page until then. Pure.
import type { Person } from './facts.ts'
import { mfaRequiredFrom } from './mfa-required.ts'

export interface MfaAhead {
  startsAt: Date
  clientName: string
  roleGroups: string
}

const NAMES = new Intl.ListFormat('en-GB')

/** Null if they are enrolled, or if no start is ahead of them. */
export function mfaAhead(
  person: Pick<Person, 'clientName' | 'ofPlatform' | 'roleGroups' | 'authenticator'>,
  now: Date,
): MfaAhead | null {
  const startsAt = person.authenticator ? null : mfaRequiredFrom(person, now)
  if (!startsAt) return null
  const begin = person.roleGroups.filter(
    ({ requirement }) => requirement?.startsAt?.getTime() === startsAt.getTime(),
  )
  return { startsAt, clientName: person.clientName, roleGroups: NAMES.format(begin.map(({ name }) => name)) }
}
