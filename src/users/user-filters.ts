// What the users page can be narrowed down to, as its address says it. Empty means all. Pure.
import { cursor, lastSaid, searchTerm } from '../platform/http/list-query.ts'

const MFA = ['enrolled', 'not-enrolled', 'required-missing'] as const
const STATUSES = ['active', 'invited', 'disabled'] as const

/** The filters as somebody typed them. */
export type TypedUserFilters = Record<'q' | 'role' | 'mfa' | 'status', string>

/** The filters as they are meant. */
export interface UserFilters {
  q: string
  /** A role group's key, which may be any text: one that there is not finds nobody. */
  role: string
  mfa: (typeof MFA)[number] | ''
  status: (typeof STATUSES)[number] | ''
  after: string
}

export interface ReadUserFilters {
  typed: TypedUserFilters
  /** What to say beside a field that makes no sense. */
  problems: { mfa?: string; status?: string }
  /** Null if there is a problem: nobody is listed who was not asked for. */
  filters: UserFilters | null
}

/** Reads the address of the users page. */
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
