// The parts of a list of users, in the order of the page. Each is read in the order of an index. Pure.
import { SECTIONS, type Section, sectionOf } from './combined-status.ts'
import type { UserFilters } from './user-filters.ts'

/** `not-required`: not enrolled, and no role group requires it. */
export type Narrowed = Pick<UserFilters, 'role' | 'status'> & { mfa: UserFilters['mfa'] | 'not-required' }

type SectionFilters = Pick<Narrowed, 'mfa' | 'status'>

const STATUSES = ['invited', 'active', 'disabled'] as const

/** Nothing is missing of disabled users: they cannot sign in. */
export function statusesOf({ mfa, status }: SectionFilters): (typeof STATUSES)[number][] {
  return STATUSES.filter(
    (is) => (status === '' || is === status) && (mfa !== 'required-missing' || is !== 'disabled'),
  )
}

/** What decides in which part a user is. */
export interface PlaceFacts {
  status: 'invited' | 'active' | 'disabled'
  enrolled: boolean
  mfaRequired: boolean
  /** Locked out, and not disabled. */
  locked: boolean
  /** The name begins with the term. */
  begins: boolean
}

/** The last user of the page before. */
export interface StartingPlace extends Omit<PlaceFacts, 'locked'> {
  id: string
  sortName: string
  signedInAt: string
}

export interface Part {
  filters: Narrowed
  named: 'any' | 'beginning' | 'otherwise'
  among: 'all' | 'locked' | 'not-locked'
  holds: (place: PlaceFacts) => boolean
}

/** The filters that select each section. Locked users are read from their locks. */
const SECTION_FILTERS: Record<Exclude<Section, 'locked'>, SectionFilters> = {
  overdue: { status: 'active', mfa: 'required-missing' },
  invited: { status: 'invited', mfa: '' },
  enrolled: { status: 'active', mfa: 'enrolled' },
  'not-enrolled': { status: 'active', mfa: 'not-required' },
  disabled: { status: 'disabled', mfa: '' },
}

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
  const sections = SECTIONS.flatMap((section): Part[] => {
    if (section === 'locked') return []
    const both = intersection(filters, SECTION_FILTERS[section])
    const holds: Part['holds'] = (place) => sectionOf({ ...place, locked: false }) === section
    return both ? [{ ...whole, filters: both, holds }] : []
  })
  if (among === 'locked') return sections
  const lockedFirst: Part = { ...whole, among: 'locked', holds: ({ locked }) => locked }
  return [
    lockedFirst,
    ...sections.map(
      (section): Part => ({
        ...section,
        among: 'not-locked',
        holds: (place) => !place.locked && section.holds(place),
      }),
    ),
  ]
}

/** Null if no user meets both. */
function intersection(filters: Narrowed, section: SectionFilters): Narrowed | null {
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
