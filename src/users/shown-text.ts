// How many of an account's users a page of the list shows. Pure.
import { inNumber, peopleInWords } from './headcount.ts'
import type { UserFilters } from './user-filters.ts'

/** '132 people', 'Filters: 4 of 132 people'. With a search only a page that shows all matches knows their number. */
export function shownText(
  page: { ids: readonly string[]; previous: string | null; next: string | null },
  { q, role, mfa, status, locked }: Pick<UserFilters, 'q' | 'role' | 'mfa' | 'status' | 'locked'>,
  { total, matching }: { total: number; matching: number },
): string {
  const isSearched = q !== '' || locked
  if (!isSearched && role === '' && mfa === '' && status === '') return peopleInWords(total)
  const isWhole = page.previous === null && page.next === null
  const found = isSearched ? page.ids.length : matching
  const number = isSearched && !isWhole ? `${inNumber(found)} on this page` : inNumber(found)
  return `Filters: ${number} of ${peopleInWords(total)}`
}
