// Who lifts a person's lock or resets their authenticator. Pure.
import type { Person } from './facts.ts'

export const SERVICE_DESK = 'the Service Desk'

/** As it follows 'ask'. Both are named while the person is unknown. */
export function helperOf(person: Pick<Person, 'ofPlatform' | 'roleGroups' | 'clientName'> | null): string {
  if (!person) return `an Admin of your account or, if you are an Admin, ${SERVICE_DESK}`
  return isHelpedByDesk(person) ? SERVICE_DESK : `an Admin of ${person.clientName}`
}

const NAMES = new Intl.ListFormat('en-GB', { type: 'disjunction' })

/** A sentence names so many Admins. */
export const NAMED = 3

/** For a person past the password: the Admins of the account by name, as it follows 'ask'. Without one, the Service Desk. */
export function namedAdmins(names: readonly string[], clientName: string): string {
  if (names.length === 0) return SERVICE_DESK
  if (names.length > NAMED)
    return NAMES.format([...names.slice(0, NAMED - 1), `another Admin of ${clientName}`])
  return `${NAMES.format(names)} (${names.length === 1 ? 'Admin' : 'Admins'} of ${clientName})`
}

/** Spec: "Admins cannot reset MFA for other Admins; such cases require Azupay Service Desk intervention". */
export function isHelpedByDesk({
  ofPlatform,
  roleGroups,
}: Pick<Person, 'ofPlatform' | 'roleGroups'>): boolean {
  return ofPlatform || roleGroups.some(({ isAdmin }) => isAdmin)
}
