// Whether MFA is required of a user: by role group, as the policy of their client account says. Pure.

/**
 * Spec: "enforcement of MFA is tied to the user's assigned roles, not individual user settings". Always required in the
 * platform account, and of users without a role group.
 */
export function mfaRequired(person: {
  ofPlatform: boolean
  roleGroups: readonly { requiresMfa: boolean }[]
}): boolean {
  return (
    person.ofPlatform ||
    person.roleGroups.length === 0 ||
    person.roleGroups.some(({ requiresMfa }) => requiresMfa)
  )
}
