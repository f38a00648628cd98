import type { Reader } from '../platform/db/client.ts'
import { MOST_PEOPLE } from '../users/bulk-choices.ts'
import { findUsers } from '../users/find-users.queries.ts'
import { readUserCounts } from '../users/headcounts.queries.ts'
import type { Within } from '../users/matches-filters.queries.ts'
import type { UserFilters } from '../users/user-filters.ts'

/** Who is selected: single people, or all of a list. `filters`: null if they make no sense, or the list has none. */
export type Selection =
  | { whom: 'selected'; userIds: readonly string[] }
  | { whom: 'page' | 'matching'; filters: UserFilters | null }

/** The ids of the selected people, each once. One more than MOST_PEOPLE if there are more. */
export async function readSelected(db: Reader, account: Within, selection: Selection): Promise<string[]> {
  if (selection.whom === 'selected') return [...new Set(selection.userIds)]
  const { filters, whom } = selection
  if (!filters) return []
  const { matching } = await readUserCounts(db, account, filters)
  if (whom === 'page') return (await findUsers(db, account, filters, { matching })).ids

  const ids: string[] = []
  let after: string | null = ''
  // A search may end a page early and say where to go on.
  while (after !== null && ids.length <= MOST_PEOPLE) {
    const options = { matching, pageSize: MOST_PEOPLE + 1 }
    const page = await findUsers(db, account, { ...filters, before: '', after }, options)
    ids.push(...page.ids)
    after = page.next
  }
  return ids.slice(0, MOST_PEOPLE + 1)
}
