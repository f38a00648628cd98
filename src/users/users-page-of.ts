import type { Person } from '../gate/facts.ts'

/** The list that a user stands in, as its viewer calls it. */
export function usersPageOf(viewer: Pick<Person, 'clientId'>, clientId: string): string {
  return viewer.clientId === clientId ? '/users' : `/clients/${clientId}/users`
}
