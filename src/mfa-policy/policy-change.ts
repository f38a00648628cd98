// What a form about the MFA policy changes. Pure.

/** Role groups by their keys. */
export interface PolicyChange {
  /** Of these MFA is required from now on, and was not before. */
  added: string[]
  /** Of these it is no longer required. */
  removed: string[]
  /** The whole policy after the change. */
  next: string[]
}

/**
 * What becomes of `current` when somebody wants `wanted`. `basedOn` is the policy that their form showed: what
 * they left as it was there stays as it is now, so that two people who change different role groups at the same
 * time do not undo each other. Null where the request does not say: then `wanted` is the whole policy.
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
