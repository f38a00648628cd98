// What the users page can be narrowed down to, as its address says it. Empty means all.
import { z } from 'zod'
import { choice, cursor, searchTerm } from '../typed/list-query.ts'

const userFilters = z.object({
  q: searchTerm,
  /** A role group's key, which may be any text: one that there is not finds nobody. */
  role: searchTerm,
  mfa: choice(['enrolled', 'not-enrolled', 'required-missing']),
  status: choice(['active', 'invited', 'disabled']),
  after: cursor,
})

export type UserFilters = z.infer<typeof userFilters>

export function readUserFilters(query: unknown): UserFilters {
  return userFilters.parse(query)
}
