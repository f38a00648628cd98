import type { ActDeps, ActRequest } from '../access/act-request.ts'
import { chooseRoleGroups, keysOf, roleGroupChange, wantedKeys } from '../access/choose-role-groups.ts'
import { type EvidenceField, readDeskEvidence } from '../access/evidence.ts'
import { judge } from '../access/judge.ts'
import { openApproval, requesterOf } from '../access/open-approval.ts'
import type { Missing, Outcome } from '../access/outcome.ts'
import { readRoleGroups } from '../access/role-groups.queries.ts'
import { mayChangeRoleGroups, needsApproval } from '../access/rules.ts'
import { setRoleGroups } from './set-role-groups.ts'

export type RoleGroupsOutcome = Outcome<{ approvalId: string | null }, Missing<EvidenceField | 'roleGroups'>>

/**
 * Sets the role groups of a user. If a second person must approve any of those given, the whole change waits. Open
 * sessions follow at their next request, because the gate reads role groups anew.
 */
export async function changeRoleGroups(
  deps: ActDeps,
  request: ActRequest & { targetId: string },
): Promise<RoleGroupsOutcome> {
  return deps.db.transaction(async (tx): Promise<RoleGroupsOutcome> => {
    const { actor, targetId, origin, form } = request
    const about = { actor, targetId, action: 'user.role-groups-changed', origin } as const
    const verdict = await judge(deps, tx, about, mayChangeRoleGroups)
    if (!verdict.ok) return verdict

    const { targetPerson: person } = verdict
    const { id: userId, clientId, email, name } = person
    const held = keysOf(person.roleGroups)
    const all = await readRoleGroups(tx)
    const chosen = chooseRoleGroups(verdict.actor, person.ofPlatform, all, wantedKeys(form, held), held)
    if (!chosen.ok && chosen.refusal !== null) return verdict.refuse(chosen.refusal)
    const { evidence, missing } = readDeskEvidence(verdict.actor, form)
    if (!chosen.ok) return { ok: false, refusal: null, missing: ['roleGroups', ...missing] }
    if (!evidence) return { ok: false, refusal: null, missing }

    const change = roleGroupChange(all, held, keysOf(chosen.roleGroups))
    if (change.given.length === 0 && change.taken.length === 0) return { ok: true, approvalId: null }
    if (change.given.some(needsApproval)) {
      if (person.status === 'disabled') return verdict.refuse('enable-first')
      const asked = { kind: 'role-groups', clientId, userId, email, name, held, change } as const
      const opened = await openApproval(deps, tx, { ...asked, ...requesterOf(actor), evidence, origin })
      return opened.ok ? opened : verdict.refuse(opened.refusal)
    }
    const by = { at: deps.clock.now(), actorId: actor.userId, origin, details: evidence }
    await setRoleGroups(tx, person, change, by)
    return { ok: true, approvalId: null }
  })
}
