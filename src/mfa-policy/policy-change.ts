// What the form of the MFA policy changes. Pure.
import type { Requirement } from '../gate/mfa-required.ts'

export interface KeyedRequirement extends Requirement {
  key: string
}

export interface WantedPolicy {
  roleGroups: readonly string[]
  /** The policy that the form showed. Null: `roleGroups` is the whole policy. */
  basedOn: readonly string[] | null
  /** Role groups in the policy whose start is to change. */
  changeStart: readonly string[]
  /** When MFA becomes required of added role groups and of those in `changeStart`. Null: at once. */
  startsAt: Date | null
}

export interface PolicyChange {
  added: string[]
  /** Required sooner than before. */
  earlier: string[]
  /** Required later than before. */
  later: string[]
  removed: string[]
}

/**
 * A role group left unchanged in the form keeps its current state, so that two people who change different role groups
 * at once do not undo each other. If both require MFA of the same one, the earlier start counts.
 */
export function policyChange(
  current: readonly KeyedRequirement[],
  { roleGroups, basedOn, changeStart, startsAt }: WantedPolicy,
  now: Date,
): PolicyChange {
  const required = current.map(({ key }) => key)
  const wanted = [...new Set(roleGroups)]
  const before = [...new Set(basedOn ?? required)]
  const startWas = new Map(current.map((requirement) => [requirement.key, beginOf(requirement, now)]))
  const start = beginOf({ startsAt }, now)
  const isEarlier = (key: string) => start < (startWas.get(key) ?? start)
  const isLater = (key: string) => start > (startWas.get(key) ?? start)
  const isNew = (key: string) => !before.includes(key)
  return {
    added: wanted.filter((key) => isNew(key) && !required.includes(key)),
    earlier: wanted.filter((key) => (isNew(key) || changeStart.includes(key)) && isEarlier(key)),
    later: wanted.filter((key) => changeStart.includes(key) && isLater(key)),
    removed: before.filter((key) => !wanted.includes(key) && required.includes(key)),
  }
}

/** A requirement is tightened if it begins earlier, and loosened if it begins later or ends. */
export function loosens({ later, removed }: PolicyChange): boolean {
  return later.length > 0 || removed.length > 0
}

/** The role groups that get the start of the form. */
export function restarted({ added, earlier, later }: PolicyChange): string[] {
  return [...added, ...earlier, ...later]
}

/** Whether the account has all these role groups. */
export function areKnown(policy: readonly { key: string }[], keys: readonly string[]): boolean {
  return keys.every((wanted) => policy.some(({ key }) => key === wanted))
}

export function changesNothing(change: PolicyChange): boolean {
  return restarted(change).length === 0 && change.removed.length === 0
}

/** The policy once the change is saved. */
export function policyAfter(
  current: readonly KeyedRequirement[],
  change: PolicyChange,
  startsAt: Date | null,
): KeyedRequirement[] {
  const restartedKeys = restarted(change)
  const kept = current.filter(({ key }) => !restartedKeys.includes(key) && !change.removed.includes(key))
  return [...kept, ...restartedKeys.map((key) => ({ key, startsAt }))]
}

function beginOf({ startsAt }: Requirement, now: Date): number {
  return startsAt === null || startsAt <= now ? Number.NEGATIVE_INFINITY : startsAt.getTime()
}
