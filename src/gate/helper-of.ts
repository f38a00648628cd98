// Who lifts a person's lock or resets their authenticator. Pure.
import type { Person } from './facts.ts'

const ADMIN = 'an Admin of your account'
const SERVICE_DESK = 'the Service Desk'

/** As it follows 'ask'. Both are named while the person is unknown. */
export function helperOf(person: Pick<Person, 'ofPlatform' | 'roleGroups'> | null): string {
  if (!person) return `${ADMIN} or, if you are an Admin, ${SERVICE_DESK}`
  return person.ofPlatform || person.roleGroups.some(({ isAdmin }) => isAdmin) ? SERVICE_DESK : ADMIN
}
