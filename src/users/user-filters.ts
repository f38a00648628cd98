// The filters and the order of the users page, read from its address. Empty means no filter. Pure.
import { z } from 'zod'
import { lastSaid, searchTerm } from '../platform/http/list-query.ts'

const MFA = ['enrolled', 'not-enrolled', 'required-missing'] as const
const STATUSES = ['active', 'invited', 'disabled'] as const
const SORT_KEYS = ['name', 'status', 'last-sign-in'] as const
export type SortKey = (typeof SORT_KEYS)[number]

const NO_SUCH_CHOICE = 'There is no such choice. Choose one of the list.'

export type FilterField = 'q' | 'role' | 'mfa' | 'status' | 'locked'
export type TypedUserFilters = Record<FilterField | 'sort', string>

/** The id of a user, and the number of their part of the list where their own facts may name another. */
const cursor = z
  .string()
  .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(\.[0-9])?$/)
  .catch('')

export interface UserFilters {
  q: string
  /** The key of a role group. An unknown key matches no user. */
  role: string
  mfa: (typeof MFA)[number] | ''
  status: (typeof STATUSES)[number] | ''
  locked: boolean
  sort: SortKey
  /** The reverse of the usual order. */
  reversed: boolean
  after: string
  before: string
}

export interface ReadUserFilters {
  typed: TypedUserFilters
  problems: Partial<Record<FilterField, string>>
  filters: UserFilters | null
}

export function readUserFilters(query: Record<string, unknown>): ReadUserFilters {
  const typed = {
    q: searchTerm.parse(lastSaid(query.q)),
    role: searchTerm.parse(lastSaid(query.role)),
    mfa: lastSaid(query.mfa),
    status: lastSaid(query.status),
    locked: lastSaid(query.locked),
    sort: lastSaid(query.sort),
  }
  const problems: ReadUserFilters['problems'] = {}

  const mfa = MFA.find((known) => known === typed.mfa) ?? ''
  if (typed.mfa !== '' && mfa === '') problems.mfa = NO_SUCH_CHOICE
  const status = STATUSES.find((known) => known === typed.status) ?? ''
  if (typed.status !== '' && status === '')
    problems.status = 'There is no such status. Choose one of the list.'
  if (typed.locked !== '' && typed.locked !== 'yes') problems.locked = NO_SUCH_CHOICE

  const { q, role } = typed
  const order = readOrder(typed.sort)
  typed.sort = sortParameter(order)
  const places = { after: cursor.parse(query.after), before: cursor.parse(query.before) }
  const isSound = Object.keys(problems).length === 0
  const filters: UserFilters = { q, role, mfa, status, locked: typed.locked === 'yes', ...order, ...places }
  return { typed, problems, filters: isSound ? filters : null }
}

type Order = Pick<UserFilters, 'sort' | 'reversed'>

/** '-name' is the reverse of 'name'. An unknown order is that of names. */
function readOrder(typed: string): Order {
  const sort = SORT_KEYS.find((key) => key === typed.replace(/^-/, ''))
  return sort ? { sort, reversed: typed.startsWith('-') } : { sort: 'name', reversed: false }
}

/** The latest sign-in comes first: its times descend. */
export function descends({ sort, reversed }: Order): boolean {
  return reversed !== (sort === 'last-sign-in')
}

export function sortParameter({ sort, reversed }: Order): string {
  if (reversed) return `-${sort}`
  return sort === 'name' ? '' : sort
}

export function isFiltered(typed: TypedUserFilters): boolean {
  return Object.entries(typed).some(([field, value]) => field !== 'sort' && value !== '')
}
