// How far an account is protected by MFA, from its people counted by what they hold. Pure.
import { mfaRequired, type RoleGroup } from '../gate/facts.ts'

type Group = Pick<RoleGroup, 'key' | 'name' | 'requiresMfa'>

/** People who hold the same role groups and are alike in all that counts here. */
export interface Alike {
  roleGroups: readonly Group[]
  enrolled: boolean
  status: 'invited' | 'active'
  people: number
}

export interface RoleGroupCoverage {
  key: string
  name: string
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
  /** Those that somebody holds, in the order of the policy. */
  roleGroups: RoleGroupCoverage[]
}

/** Who holds several role groups counts in each of them, and once among the people. `policy`: all role groups, in order. */
export function coverageOf(
  { isPlatform }: { isPlatform: boolean },
  policy: readonly Group[],
  alike: readonly Alike[],
): Coverage {
  const sum = (fits: (kind: Alike) => boolean) =>
    alike.filter(fits).reduce((total, { people }) => total + people, 0)
  const requires = ({ roleGroups }: Alike) => mfaRequired({ ofPlatform: isPlatform, roleGroups })
  const lacks = (kind: Alike) => requires(kind) && !kind.enrolled
  const roleGroups = policy.map(({ key, name, requiresMfa }) => {
    const holds = (kind: Alike) => kind.roleGroups.some((group) => group.key === key)
    return {
      key,
      name,
      requiresMfa,
      members: sum(holds),
      enrolled: sum((kind) => holds(kind) && kind.enrolled),
    }
  })
  return {
    people: sum(() => true),
    enrolled: sum(({ enrolled }) => enrolled),
    required: sum(requires),
    missing: {
      active: sum((kind) => lacks(kind) && kind.status === 'active'),
      invited: sum((kind) => lacks(kind) && kind.status === 'invited'),
    },
    roleGroups: roleGroups.filter(({ members }) => members > 0),
  }
}

/** Hundredths, rounded so that 100 means everybody and 0 nobody; null of nobody. */
export function percentage(part: number, whole: number): number | null {
  if (whole === 0) return null
  const rounded = Math.round((100 * part) / whole)
  return part === 0 || part === whole ? rounded : Math.min(99, Math.max(1, rounded))
}
