// Whom somebody asks to lift their lock or to reset their authenticator. Pure.
import type { Person } from './facts.ts'

const ADMIN = 'an Admin of your account'
const SERVICE_DESK = 'the Service Desk'

/** As it follows 'ask'. To whom nobody knows yet, both are named. */
export function helperOf(person: Pick<Person, 'ofPlatform' | 'roleGroups'> | null): string {
  if (!person) return `${ADMIN} or, if you are an Admin, ${SERVICE_DESK}`
  return person.ofPlatform || person.roleGroups.some(({ isAdmin }) => isAdmin) ? SERVICE_DESK : ADMIN
}
