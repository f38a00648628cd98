// Whether MFA is required of a user: by role group, as the policy of their client account says. Pure.

/** The policy requires MFA of a role group, from a time on. */
export interface Requirement {
  /** Null: at once. */
  startsAt: Date | null
}

export const AT_ONCE: Requirement = { startsAt: null }

interface Holder {
  ofPlatform: boolean
  roleGroups: readonly { requirement: Requirement | null }[]
}

/** The stored time decides, not the job that announces the start. What is no time counts as begun. */
export function isInForce({ startsAt }: Requirement, now: Date): boolean {
  return startsAt === null || !(startsAt > now)
}

/**
 * Spec: "enforcement of MFA is tied to the user's assigned roles, not individual user settings". Always required in the
 * platform account, and of users without a role group.
 */
export function mfaRequired({ ofPlatform, roleGroups }: Holder, now: Date): boolean {
  return requiredBy(
    ofPlatform,
    roleGroups.map(({ requirement }) => requirement !== null && isInForce(requirement, now)),
  )
}

/** The same rule, where it is known which role groups of a user require MFA. */
export function requiredBy(ofPlatform: boolean, roleGroups: readonly boolean[]): boolean {
  return ofPlatform || roleGroups.length === 0 || roleGroups.includes(true)
}

/** When MFA begins to be required of a user; null if it is required already, or no start is set. */
export function mfaRequiredFrom(user: Holder, now: Date): Date | null {
  if (mfaRequired(user, now)) return null
  const starts = user.roleGroups.flatMap(({ requirement }) => requirement?.startsAt?.getTime() ?? [])
  return starts.length > 0 ? new Date(Math.min(...starts)) : null
}
