// How far an account is protected by MFA, from its people counted by what they hold. Whoever is disabled lacks nothing. Pure.
import { mfaRequired } from '../gate/facts.ts'
import { countPeople, type Headcount } from '../users/headcount.ts'

export interface Coverage {
  people: number
  enrolled: number
  /** MFA is required of them and they have no authenticator. */
  missing: { active: number; invited: number }
}

export interface RoleGroupCoverage {
  key: string
  name: string
  requiresMfa: boolean
  members: number
  enrolled: number
}

/** `required`: the keys of the role groups that require MFA. */
export function coverageOf(
  { isPlatform }: { isPlatform: boolean },
  required: readonly string[],
  headcounts: readonly Headcount[],
): Coverage {
  const isRequired = ({ roleGroups }: Headcount) =>
    mfaRequired({
      ofPlatform: isPlatform,
      roleGroups: roleGroups.map((key) => ({ requiresMfa: required.includes(key) })),
    })
  const lacking = (status: Headcount['status']) =>
    countPeople(headcounts, (count) => count.status === status && !count.enrolled && isRequired(count))
  return {
    people: countPeople(headcounts, isCounted),
    enrolled: countPeople(headcounts, (count) => isCounted(count) && count.enrolled),
    missing: { active: lacking('active'), invited: lacking('invited') },
  }
}

/** Of each role group that somebody holds. Who holds several counts in each of them. */
export function coverageByRoleGroup(
  requirements: readonly Pick<RoleGroupCoverage, 'key' | 'name' | 'requiresMfa'>[],
  headcounts: readonly Headcount[],
): RoleGroupCoverage[] {
  const coverages = requirements.map(({ key, name, requiresMfa }) => {
    const holds = (count: Headcount) => isCounted(count) && count.roleGroups.includes(key)
    return {
      key,
      name,
      requiresMfa,
      members: countPeople(headcounts, holds),
      enrolled: countPeople(headcounts, (count) => holds(count) && count.enrolled),
    }
  })
  return coverages.filter(({ members }) => members > 0)
}

/** Hundredths, rounded so that 100 means everybody and 0 nobody; null of nobody. */
export function percentage(part: number, whole: number): number | null {
  if (whole === 0) return null
  const rounded = Math.round((100 * part) / whole)
  return part === 0 || part === whole ? rounded : Math.min(99, Math.max(1, rounded))
}

function isCounted({ status }: Headcount): boolean {
  return status !== 'disabled'
}

/** '12 people, 9 enrolled, 2 required but missing'. */
export function coverageSentence({ people, enrolled, missing }: Coverage): string {
  if (people === 0) return 'No people yet'
  const inWords = (number: number) => number.toLocaleString('en-GB')
  const all = people === 1 ? '1 person' : `${inWords(people)} people`
  return `${all}, ${inWords(enrolled)} enrolled, ${inWords(missing.active + missing.invited)} required but missing`
}
