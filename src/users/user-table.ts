// The table of a list of users: its columns, how it is sorted, and its rows. Pure.
import { listHref } from '../platform/http/list-query.ts'
import { type ListAround, type RowView, rowView } from './row-view.ts'
import type { Selection } from './selection.ts'
import {
  descends,
  type SortKey,
  sortParameter,
  type TypedUserFilters,
  type UserFilters,
} from './user-filters.ts'
import type { UserRow } from './user-view.ts'

interface Column {
  key: string
  label: string
  sorted: 'ascending' | 'descending' | null
  /** The list in another order; null if it cannot be sorted by this column. */
  href: string | null
}

export interface UserTable {
  caption: string
  columns: Column[]
  rows: RowView[]
  /** What may be asked of selected people; null if nothing. */
  selection: Selection | null
}

/** The order of the page; null for a list that has one order only. */
export type Sorting = Pick<UserFilters, 'sort' | 'reversed'> & { path: string; typed: TypedUserFilters }

export function userTable(
  rows: readonly UserRow[],
  {
    sorting,
    caption,
    selection,
    listOf,
  }: {
    sorting: Sorting | null
    caption: string
    selection: Selection | null
    listOf: (row: UserRow) => ListAround
  },
): UserTable {
  const views = rows.map((row) => rowView(row, listOf(row)))
  const withAccount = views.some(({ account }) => account !== null)
  const column = (key: string, label: string) => ({ key, label, sorted: null, href: null })
  return {
    caption,
    columns: [
      ...(selection ? [column('select', 'Select')] : []),
      sortable('name', 'Name', sorting),
      ...(withAccount ? [column('account', 'Account')] : []),
      column('role-groups', 'Role groups'),
      sortable('status', 'Status', sorting),
      sortable('last-sign-in', 'Last sign-in', sorting),
      ...(views.some(({ hasMenu }) => hasMenu) ? [column('acts', 'Actions')] : []),
    ],
    rows: views,
    selection,
  }
}

function sortable(key: SortKey, label: string, sorting: Sorting | null): Column {
  if (!sorting) return { key, label, sorted: null, href: null }
  const isSorted = sorting.sort === key
  const reversed = isSorted && !sorting.reversed
  return {
    key,
    label,
    sorted: isSorted ? (descends(sorting) ? 'descending' : 'ascending') : null,
    href: listHref(sorting.path, { ...sorting.typed, sort: sortParameter({ sort: key, reversed }) }),
  }
}
