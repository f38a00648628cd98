// Which act on a user each bulk act repeats: its rule, its command, and what has to be said about it.

import type { UserRequest } from '../access/act-on-user.ts'
import type { ActDeps } from '../access/act-request.ts'
import {
  type Evidence,
  type EvidenceField,
  type ReadEvidence,
  readDeskEvidence,
  readEvidence,
} from '../access/evidence.ts'
import type { Outcome } from '../access/outcome.ts'
import type { Refusal } from '../access/refusals.ts'
import {
  type Actor,
  mayChangeInvitation,
  mayChangeRoleGroups,
  mayDisable,
  mayRemindUser,
  type Target,
} from '../access/rules.ts'
import { resendInvitation } from '../invitations/resend-invitation.ts'
import { readNoEvidence, remindUserOfMfa } from '../mfa-policy/remind-user-of-mfa.ts'
import type { AuditAction } from '../platform/audit/actions.ts'
import type { BulkKind } from '../users/bulk-choices.ts'
import { changeRoleGroups } from '../users/change-role-groups.ts'
import { disableUser } from '../users/disable-user.ts'

export interface SingleAct {
  action: AuditAction
  rule: (actor: Actor, target: Target) => Refusal | null
  readEvidence: (actor: Actor, form: unknown) => ReadEvidence<Evidence, EvidenceField>
  carryOut: (deps: ActDeps, request: UserRequest) => Promise<Outcome<object, { missing: string[] }>>
}

const CHANGE_ROLE_GROUPS: SingleAct = {
  action: 'user.role-groups-changed',
  rule: mayChangeRoleGroups,
  readEvidence: readDeskEvidence,
  carryOut: changeRoleGroups,
}

export const SINGLE_ACTS: Readonly<Record<BulkKind, SingleAct>> = {
  'invite-again': {
    action: 'invitation.resent',
    rule: mayChangeInvitation,
    readEvidence: readDeskEvidence,
    carryOut: resendInvitation,
  },
  remind: {
    action: 'mfa.reminded',
    rule: mayRemindUser,
    readEvidence: readNoEvidence,
    carryOut: remindUserOfMfa,
  },
  'give-role-group': CHANGE_ROLE_GROUPS,
  'take-role-group': CHANGE_ROLE_GROUPS,
  disable: { action: 'user.disabled', rule: mayDisable, readEvidence, carryOut: disableUser },
}

/** The form of the act on one user. */
export function formOf({
  kind,
  roleGroup,
  ...evidence
}: { kind: BulkKind; roleGroup: string | null } & Partial<Record<EvidenceField, string | null>>) {
  const { reason, ticket } = evidence
  return {
    ...(reason && { reason }),
    ...(ticket && { ticket }),
    ...(kind === 'give-role-group' && { give: roleGroup }),
    ...(kind === 'take-role-group' && { take: roleGroup }),
  }
}
