// The filters of the users page, read from its address. Empty means no filter. Pure.
import { cursor, lastSaid, searchTerm } from '../platform/http/list-query.ts'

const MFA = ['enrolled', 'not-enrolled', 'required-missing'] as const
const STATUSES = ['active', 'invited', 'disabled'] as const

export type TypedUserFilters = Record<'q' | 'role' | 'mfa' | 'status', string>

export interface UserFilters {
  q: string
  /** The key of a role group. An unknown key matches no user. */
  role: string
  mfa: (typeof MFA)[number] | ''
  status: (typeof STATUSES)[number] | ''
  after: string
}

export interface ReadUserFilters {
  typed: TypedUserFilters
  problems: { mfa?: string; status?: string }
  filters: UserFilters | null
}

export function readUserFilters(query: Record<string, unknown>): ReadUserFilters {
  const typed = {
    q: searchTerm.parse(lastSaid(query.q)),
    role: searchTerm.parse(lastSaid(query.role)),
    mfa: lastSaid(query.mfa),
    status: lastSaid(query.status),
  }
  const problems: ReadUserFilters['problems'] = {}

  const mfa = MFA.find((known) => known === typed.mfa) ?? ''
  if (typed.mfa !== '' && mfa === '') problems.mfa = 'There is no such choice. Choose one of the list.'
  const status = STATUSES.find((known) => known === typed.status) ?? ''
  if (typed.status !== '' && status === '')
    problems.status = 'There is no such status. Choose one of the list.'

  const isSound = Object.keys(problems).length === 0
  const filters = { ...typed, mfa, status, after: cursor.parse(query.after) } as const
  return { typed, problems, filters: isSound ? filters : null }
}
