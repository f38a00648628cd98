import type { ActRequest } from '../access/act-request.ts'
import { chooseRoleGroups, keysOf, roleGroupChange, roleGroupKeys } from '../access/choose-role-groups.ts'
import { type EvidenceField, readDeskEvidence } from '../access/evidence.ts'
import { judge } from '../access/judge.ts'
import { openApproval } from '../access/open-approval.ts'
import type { Missing, Outcome } from '../access/outcome.ts'
import { readRoleGroups } from '../access/role-groups.queries.ts'
import { mayChangeRoleGroups, needsApproval } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import { setRoleGroups } from './set-role-groups.ts'

/** `approvalId`: nothing has changed yet, the change waits for a second person. */
export type RoleGroupsOutcome = Outcome<{ approvalId: string | null }, Missing<EvidenceField | 'roleGroups'>>

const ACTION = 'user.role-groups-changed'

/**
 * Gives a user the role groups named, and no others. Sessions that are open feel it at their next request, since the
 * gate reads role groups anew. Asked of the rows as they are in this transaction: who may change whom, and which
 * role groups the actor may give or take. A change that gives what a second person must approve waits as a whole.
 */
export async function changeRoleGroups(
  deps: Deps,
  request: ActRequest & { targetId: string },
): Promise<RoleGroupsOutcome> {
  return deps.db.transaction(async (tx): Promise<RoleGroupsOutcome> => {
    const { actor, targetId, origin, form } = request
    const verdict = await judge(deps, tx, { actor, targetId, action: ACTION, origin }, mayChangeRoleGroups)
    if (!verdict.ok) return verdict

    const { targetPerson: person } = verdict
    const held = person.roleGroups.map(({ key }) => key)
    const all = await readRoleGroups(tx)
    const chosen = chooseRoleGroups(verdict.actor, person.ofPlatform, all, roleGroupKeys(form), held)
    if (!chosen.ok && chosen.refusal !== null) return verdict.refuse(chosen.refusal)
    const { evidence, missing } = readDeskEvidence(verdict.actor, form)
    if (!chosen.ok || !evidence)
      return {
        ok: false,
        refusal: null,
        missing: [...(chosen.ok ? [] : ['roleGroups' as const]), ...missing],
      }

    const change = roleGroupChange(all, held, keysOf(chosen.roleGroups))
    const { given, taken } = change
    if (given.length === 0 && taken.length === 0) return { ok: true, approvalId: null }
    if (!given.some(needsApproval)) {
      const at = deps.clock.now()
      await setRoleGroups(tx, person, change, { at, actorId: actor.userId, origin, details: evidence })
      return { ok: true, approvalId: null }
    }

    const { id: userId, clientId, email, name, status } = person
    const by = { requestedBy: actor.userId, evidence, origin }
    const opened =
      status === 'disabled'
        ? ({ ok: false, refusal: 'enable-first' } as const)
        : await openApproval(deps, tx, {
            kind: 'role-groups',
            clientId,
            userId,
            email,
            name,
            held,
            change,
            ...by,
          })
    return opened.ok ? opened : verdict.refuse(opened.refusal)
  })
}
