// How many of an account's users a page of the list shows. Pure.
import { MOST_PEOPLE } from './bulk-choices.ts'
import { inNumber, peopleInWords } from './headcount.ts'
import type { UserFilters } from './user-filters.ts'

/** Everyone whom the list has beyond this page, as the form below it offers them; empty if that is none or too many. */
export function matchingText(
  page: { previous: string | null; next: string | null },
  { q, role, mfa, status, locked }: Pick<UserFilters, 'q' | 'role' | 'mfa' | 'status' | 'locked'>,
  { matching }: { matching: number },
): string {
  if (page.previous === null && page.next === null) return ''
  if (q !== '' || locked) return 'all that match this search'
  if (matching > MOST_PEOPLE) return ''
  const isFiltered = role !== '' || mfa !== '' || status !== ''
  return `all ${inNumber(matching)} ${isFiltered ? 'that match these filters' : 'in this account'}`
}

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
