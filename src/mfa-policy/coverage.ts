// How far MFA covers an account, from its headcounts. Disabled users do not count. Pure.
import {
  countPeople,
  type Headcount,
  inNumber,
  isCounted,
  lacksMfa,
  peopleInWords,
} from '../users/headcount.ts'

export interface Coverage {
  people: number
  enrolled: number
  /** Users who must use MFA and have no authenticator. */
  missing: { active: number; invited: number }
}

export interface RoleGroupCoverage {
  key: string
  name: string
  requiresMfa: boolean
  members: number
  enrolled: number
}

/** The next start of a requirement. */
export interface PlannedStart {
  startsAt: Date
  roleGroups: string[]
  /** People who then must use MFA and have no authenticator yet, without those who must already. */
  people: number
}

export function coverageOf(
  account: { isPlatform: boolean },
  required: readonly string[],
  headcounts: readonly Headcount[],
): Coverage {
  const lacking = (status: Headcount['status']) =>
    countPeople(headcounts, (count) => count.status === status && lacksMfa(count, required, account))
  return {
    people: countPeople(headcounts, isCounted),
    enrolled: countPeople(headcounts, (count) => isCounted(count) && count.enrolled),
    missing: { active: lacking('active'), invited: lacking('invited') },
  }
}

/** Of each role group that has members. A user counts in each of their role groups. */
export function coverageByRoleGroup(
  roleGroups: readonly Pick<RoleGroupCoverage, 'key' | 'name'>[],
  required: readonly string[],
  headcounts: readonly Headcount[],
): RoleGroupCoverage[] {
  const coverages = roleGroups.map(({ key, name }) => {
    const holds = (count: Headcount) => isCounted(count) && count.roleGroups.includes(key)
    return {
      key,
      name,
      requiresMfa: required.includes(key),
      members: countPeople(headcounts, holds),
      enrolled: countPeople(headcounts, (count) => holds(count) && count.enrolled),
    }
  })
  return coverages.filter(({ members }) => members > 0)
}

/** Rounded so that only all gives 100 and only none gives 0. Null if `whole` is 0. */
export function percentage(part: number, whole: number): number | null {
  if (whole === 0) return null
  const rounded = Math.round((100 * part) / whole)
  return part === 0 || part === whole ? rounded : Math.min(99, Math.max(1, rounded))
}

export function lackingIn({ active, invited }: Coverage['missing']): number {
  return active + invited
}

/** '12 people, 9 enrolled, 2 required but missing'. */
export function coverageSentence({ people, enrolled, missing }: Coverage): string {
  if (people === 0) return 'No people yet'
  const lacking = inNumber(lackingIn(missing))
  return `${peopleInWords(people)}, ${inNumber(enrolled)} enrolled, ${lacking} required but missing`
}
