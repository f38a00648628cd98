// People of an account, counted by role groups, enrolment and status. Pure.
import { requiredBy } from '../gate/mfa-required.ts'
import type { UserFilters } from './user-filters.ts'

/** How many people hold exactly these role groups and share enrolment and status. */
export interface Headcount {
  clientId: string
  roleGroups: string[]
  enrolled: boolean
  status: 'invited' | 'active' | 'disabled'
  people: number
}

export function countPeople(counts: readonly Headcount[], fits: (count: Headcount) => boolean): number {
  return counts.filter(fits).reduce((sum, { people }) => sum + people, 0)
}

/** Figures of coverage count these people. Disabled users cannot sign in. */
export function isCounted({ status }: Pick<Headcount, 'status'>): boolean {
  return status !== 'disabled'
}

/** `required`: keys of the role groups whose requirement is in force. */
export function requiresMfa(
  { roleGroups }: Pick<Headcount, 'roleGroups'>,
  required: readonly string[],
  { isPlatform }: { isPlatform: boolean },
): boolean {
  return requiredBy(
    isPlatform,
    roleGroups.map((key) => required.includes(key)),
  )
}

/** MFA is required of them, and they are not enrolled. */
export function lacksMfa(
  count: Headcount,
  required: readonly string[],
  account: { isPlatform: boolean },
): boolean {
  return isCounted(count) && !count.enrolled && requiresMfa(count, required, account)
}

/** How many people match the filters of the users page, whatever the search term. */
export function countMatching(
  headcounts: readonly Headcount[],
  { role, mfa, status }: Pick<UserFilters, 'role' | 'mfa' | 'status'>,
  required: readonly string[],
  account: { isPlatform: boolean },
): number {
  return countPeople(
    headcounts,
    (count) =>
      (role === '' || count.roleGroups.includes(role)) &&
      (status === '' || count.status === status) &&
      (mfa === '' ||
        (mfa === 'required-missing'
          ? lacksMfa(count, required, account)
          : count.enrolled === (mfa === 'enrolled'))),
  )
}

/** '1 person' or '1,200 people'. */
export function peopleInWords(people: number): string {
  return people === 1 ? '1 person' : `${inNumber(people)} people`
}

export function inNumber(number: number): string {
  return number.toLocaleString('en-GB')
}
