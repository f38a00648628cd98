// Who may decide a case. Pure: it asks the rule that the act asks (access/rules.ts).
import { inOneFamily, inOneLine, type Makers } from './makers.ts'
import { type Actor, type ApprovalTarget, mayDecideApproval } from './rules.ts'

/** Who asked, and whom it concerns. */
export type CasePeople = Pick<ApprovalTarget, 'requestedBy' | 'userId'>

/** What decides who may decide cases: the active people of the platform account, and who made whom. */
export interface Staff {
  staff: Actor[]
  makers: Makers
}

/** To whom a case falls, and who they are. */
export interface Approvers {
  fallsTo: 'agents' | 'operators' | 'none'
  ids: string[]
}

/** Of all active people of the platform account, those who may decide: the agents; only where none may, Operators. */
export function approversOf(people: CasePeople, staff: readonly Actor[], makers: Makers): Approvers {
  const able = staff.filter((actor) => {
    const target = { ...people, tiedToActor: isTied(people, actor, makers), agentsMayDecide: false }
    return mayDecideApproval(actor, target) === null
  })
  const agents = able.filter(({ isServiceDesk }) => isServiceDesk)
  const fallsTo = agents.length > 0 ? 'agents' : able.length > 0 ? 'operators' : 'none'
  return { fallsTo, ids: (agents.length > 0 ? agents : able).map(({ id }) => id) }
}

/** The case as the rule asks about it on behalf of `actor`. */
export function approvalTarget(
  people: CasePeople,
  actor: Pick<Actor, 'id'>,
  staff: readonly Actor[],
  makers: Makers,
): ApprovalTarget {
  const agentsMayDecide = approversOf(people, staff, makers).fallsTo === 'agents'
  const { requestedBy, userId } = people
  return { requestedBy, userId, tiedToActor: isTied(people, actor, makers), agentsMayDecide }
}

function isTied({ requestedBy, userId }: CasePeople, { id }: Pick<Actor, 'id'>, makers: Makers): boolean {
  return inOneFamily(makers, id, requestedBy) || (userId !== null && inOneLine(makers, id, userId))
}
