// What may be asked of several selected people at once, as the form below a list offers it. Pure.
import { offerRoleGroups, type RoleGroupChoice } from '../access/choose-role-groups.ts'
import { type Actor, needsApproval } from '../access/rules.ts'

export const BULK_KINDS = ['invite-again', 'remind', 'give-role-group', 'take-role-group', 'disable'] as const
export type BulkKind = (typeof BULK_KINDS)[number]

export const MOST_PEOPLE = 1_000

export interface BulkAct {
  kind: BulkKind
  /** The key of the role group that is given or taken. */
  roleGroup: string | null
}

export interface BulkChoice extends BulkAct {
  /** As the form sends it. */
  value: string
  label: string
}

/** Role groups that administer are given and taken one person at a time: a second person approves each. */
export function bulkChoices(
  actor: Actor,
  isPlatform: boolean,
  all: readonly RoleGroupChoice[],
): BulkChoice[] {
  const roleGroups = offerRoleGroups(actor, isPlatform, all).grantable.filter(
    (roleGroup) => !needsApproval(roleGroup),
  )
  const eachOf = (kind: 'give-role-group' | 'take-role-group', verb: string) =>
    roleGroups.map(({ key, name }) => ({
      value: `${kind}:${key}`,
      label: `${verb} role group: ${name}`,
      kind,
      roleGroup: key,
    }))
  return [
    { value: 'invite-again', label: 'Send invitation again', kind: 'invite-again', roleGroup: null },
    { value: 'remind', label: 'Remind to set up MFA', kind: 'remind', roleGroup: null },
    ...eachOf('give-role-group', 'Add'),
    ...eachOf('take-role-group', 'Remove'),
    { value: 'disable', label: 'Disable account', kind: 'disable', roleGroup: null },
  ]
}
