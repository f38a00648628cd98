// How far an account is protected by MFA, from its people counted by what they hold. Pure.
import { mfaRequired, type RoleGroup } from '../gate/facts.ts'

/** People who hold the same role groups and are alike in all that counts here. */
export interface Alike {
  roleGroups: readonly (Pick<RoleGroup, 'key' | 'name' | 'requiresMfa'> & { rank: number })[]
  enrolled: boolean
  status: 'invited' | 'active'
  people: number
}

export interface RoleGroupCoverage {
  key: string
  name: string
  rank: number
  requiresMfa: boolean
  members: number
  enrolled: number
}

export interface Coverage {
  people: number
  enrolled: number
  /** People of whom MFA is required, and those of them who have no authenticator. */
  required: number
  missing: { active: number; invited: number }
  /** Those that somebody holds, the highest first. */
  roleGroups: RoleGroupCoverage[]
}

/** Who holds several role groups counts in each of them, and once among the people. */
export function coverageOf(account: { isPlatform: boolean }, alike: readonly Alike[]): Coverage {
  const roleGroups = new Map<string, RoleGroupCoverage>()
  const coverage: Coverage = {
    people: 0,
    enrolled: 0,
    required: 0,
    missing: { active: 0, invited: 0 },
    roleGroups: [],
  }
  for (const { roleGroups: held, enrolled, status, people } of alike) {
    coverage.people += people
    if (enrolled) coverage.enrolled += people
    if (mfaRequired({ ofPlatform: account.isPlatform, roleGroups: held })) {
      coverage.required += people
      if (!enrolled) coverage.missing[status] += people
    }
    for (const { key, name, rank, requiresMfa } of held) {
      const counted = roleGroups.get(key) ?? { key, name, rank, requiresMfa, members: 0, enrolled: 0 }
      counted.members += people
      if (enrolled) counted.enrolled += people
      roleGroups.set(key, counted)
    }
  }
  const highestFirst = (a: RoleGroupCoverage, b: RoleGroupCoverage) =>
    b.rank - a.rank || a.name.localeCompare(b.name)
  return { ...coverage, roleGroups: [...roleGroups.values()].sort(highestFirst) }
}

/** Hundredths, rounded so that 100 means everybody and 0 nobody; null of nobody. */
export function percentage(part: number, whole: number): number | null {
  if (whole === 0) return null
  const rounded = Math.round((100 * part) / whole)
  return part === 0 || part === whole ? rounded : Math.min(99, Math.max(1, rounded))
}
