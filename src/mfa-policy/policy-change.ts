// What the form of the MFA policy changes. Pure.

export interface PolicyChange {
  added: string[]
  removed: string[]
  next: string[]
}

/**
 * `basedOn` is the policy that the form showed. A role group left unchanged there keeps its current state, so that two
 * people who change different role groups at once do not undo each other. Null means that `wanted` is the whole policy.
 */
export function policyChange(
  current: readonly string[],
  wanted: readonly string[],
  basedOn: readonly string[] | null,
): PolicyChange {
  const before = [...new Set(basedOn ?? current)]
  const added = [...new Set(wanted)].filter((key) => !before.includes(key) && !current.includes(key))
  const removed = before.filter((key) => !wanted.includes(key) && current.includes(key))
  return { added, removed, next: [...current.filter((key) => !removed.includes(key)), ...added] }
}
