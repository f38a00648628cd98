import { and, eq, inArray } from 'drizzle-orm'
import type { ActOutcome } from '../access/act-outcome.ts'
import { type EvidenceField, readEvidence } from '../access/evidence.ts'
import { judge } from '../access/judge.ts'
import { mayChangeRoleGroups } from '../access/rules.ts'
import { type Origin, record } from '../audit/record.ts'
import { memberships } from '../db/schema/role-groups.ts'
import type { Deps } from '../deps.ts'
import type { ActingSession } from '../gate/acting-session.ts'
import { notify } from '../notifications/notify.ts'
import { chooseRoleGroups, roleGroupKeys } from './choose-role-groups.ts'
import { readRoleGroups } from './role-groups.queries.ts'

export type RoleGroupsOutcome = ActOutcome<unknown, EvidenceField | 'roleGroups'>

const ACTION = 'user.role-groups-changed'

/**
 * Gives a user the role groups named, and no others. Sessions that are open feel it at their next request, since the
 * gate reads role groups anew. Asked of the rows as they are in this transaction: who may change whom, and which
 * role groups the actor may give or take.
 */
export async function changeRoleGroups(
  deps: Deps,
  request: { actor: ActingSession; targetId: string; form: Record<string, unknown>; origin: Origin },
): Promise<RoleGroupsOutcome> {
  return deps.db.transaction(async (tx): Promise<RoleGroupsOutcome> => {
    const { actor, targetId, origin, form } = request
    const verdict = await judge(deps, tx, { actor, targetId, action: ACTION, origin }, mayChangeRoleGroups)
    if (!verdict.allowed) return { ok: false, refusal: verdict.refusal }

    const { targetPerson: person } = verdict
    const held = person.roleGroups.map(({ key }) => key)
    const all = await readRoleGroups(tx)
    const chosen = chooseRoleGroups(verdict.actor, person.ofPlatform, all, roleGroupKeys(form), held)
    if (!chosen.ok && chosen.refusal !== null) {
      await verdict.recordRefusal(chosen.refusal)
      return { ok: false, refusal: chosen.refusal }
    }
    const { evidence, missing } = readEvidence(verdict.actor, form, { adminsSayWhy: false })
    if (!chosen.ok || !evidence)
      return {
        ok: false,
        refusal: null,
        missing: [...(chosen.ok ? [] : ['roleGroups' as const]), ...missing],
      }

    const given = chosen.roleGroups.filter(({ key }) => !held.includes(key))
    const taken = all.filter(({ key }) => held.includes(key) && !chosen.roleGroups.some((g) => g.key === key))
    if (given.length === 0 && taken.length === 0) return { ok: true }
    if (taken.length > 0)
      await tx.delete(memberships).where(
        and(
          eq(memberships.userId, person.id),
          inArray(
            memberships.roleGroupId,
            taken.map(({ id }) => id),
          ),
        ),
      )
    if (given.length > 0)
      await tx.insert(memberships).values(given.map(({ id }) => ({ userId: person.id, roleGroupId: id })))

    const eventId = await record(tx, {
      at: verdict.now,
      action: ACTION,
      outcome: 'success',
      origin,
      clientId: person.clientId,
      actorId: actor.userId,
      subjectId: person.id,
      details: { given: namesOf(given), taken: namesOf(taken), ...evidence },
    })
    // Whoever never came in has no role groups they knew of.
    if (person.status !== 'invited')
      await notify(tx, {
        to: person.id,
        kind: 'role-groups-changed',
        eventId,
        facts: { roleGroups: namesOf(chosen.roleGroups) },
      })
    return { ok: true }
  })
}

function namesOf(roleGroups: readonly { name: string }[]): string {
  return roleGroups.map(({ name }) => name).join(', ')
}
