// The parts of a list of users, in the order of the page. Each is read in the order of an index. Pure.
import type { UserFilters } from './user-filters.ts'

/** `not-required`: not enrolled, and no role group requires it. */
export type Narrowed = Pick<UserFilters, 'role' | 'status'> & { mfa: UserFilters['mfa'] | 'not-required' }

const STATUSES = ['invited', 'active', 'disabled'] as const

/** Nothing is missing of disabled users: they cannot sign in. */
export function statusesOf({ mfa, status }: Pick<Narrowed, 'mfa' | 'status'>): (typeof STATUSES)[number][] {
  return STATUSES.filter(
    (is) => (status === '' || is === status) && (mfa !== 'required-missing' || is !== 'disabled'),
  )
}

/** What decides in which part a user is. */
export interface Standing {
  status: 'invited' | 'active' | 'disabled'
  enrolled: boolean
  mfaRequired: boolean
  /** Locked out, and not disabled. */
  locked: boolean
  /** The name begins with the term. */
  begins: boolean
}

/** The last user of the page before. */
export interface StartingPlace extends Omit<Standing, 'locked'> {
  id: string
  sortName: string
  signedInAt: string
}

export interface Part {
  filters: Narrowed
  named: 'any' | 'beginning' | 'otherwise'
  among: 'all' | 'locked' | 'not-locked'
  holds: (standing: Standing) => boolean
}

/** The combined status of a row, the most urgent first. */
const SECTIONS: readonly (Pick<Narrowed, 'mfa' | 'status'> & Pick<Part, 'holds'>)[] = [
  {
    status: 'active',
    mfa: 'required-missing',
    holds: ({ status, enrolled, mfaRequired }) => status === 'active' && !enrolled && mfaRequired,
  },
  { status: 'invited', mfa: '', holds: ({ status }) => status === 'invited' },
  {
    status: 'active',
    mfa: 'enrolled',
    holds: ({ status, enrolled }) => status === 'active' && enrolled,
  },
  {
    status: 'active',
    mfa: 'not-required',
    holds: ({ status, enrolled, mfaRequired }) => status === 'active' && !enrolled && !mfaRequired,
  },
  { status: 'disabled', mfa: '', holds: ({ status }) => status === 'disabled' },
]

export function partsOf({ q, role, mfa, status, locked, sort, reversed }: UserFilters): Part[] {
  const filters = { role, mfa, status }
  if (statusesOf(filters).length === 0) return []
  const whole: Part = { filters, named: 'any', among: locked ? 'locked' : 'all', holds: () => true }
  if (sort === 'status') return byStatus(whole)
  if (sort !== 'name' || reversed || q === '') return [whole]
  return [
    { ...whole, named: 'beginning', holds: ({ begins }) => begins },
    { ...whole, named: 'otherwise', holds: ({ begins }) => !begins },
  ]
}

function byStatus(whole: Part): Part[] {
  const { filters, among } = whole
  const sections = SECTIONS.flatMap((section) => {
    const both = intersection(filters, section)
    return both ? [{ ...whole, filters: both, holds: section.holds }] : []
  })
  if (among === 'locked') return sections
  const lockedFirst: Part = { ...whole, among: 'locked', holds: ({ locked }) => locked }
  return [
    lockedFirst,
    ...sections.map(
      (section): Part => ({
        ...section,
        among: 'not-locked',
        holds: (standing) => !standing.locked && section.holds(standing),
      }),
    ),
  ]
}

/** Null if no user meets both. */
function intersection(filters: Narrowed, section: Pick<Narrowed, 'mfa' | 'status'>): Narrowed | null {
  const { mfa, status } = section
  if (filters.status !== '' && filters.status !== status) return null
  const both = mfaOfBoth(filters.mfa, mfa)
  return both === null || (both === 'required-missing' && status === 'disabled')
    ? null
    : { role: filters.role, mfa: both, status }
}

function mfaOfBoth(wanted: Narrowed['mfa'], held: Narrowed['mfa']): Narrowed['mfa'] | null {
  if (wanted === '' || wanted === held) return held
  if (held === '') return wanted
  return wanted === 'not-enrolled' && held !== 'enrolled' ? held : null
}
