// Who may decide a case, by the same rule as the command (access/rules.ts). Pure.
import { type Makers, oneMadeTheOther, shareAMaker } from './makers.ts'
import { type Actor, type ApprovalTarget, mayDecideApproval } from './rules.ts'

export type CasePeople = Pick<ApprovalTarget, 'requestedBy' | 'userId'>

export interface Staff {
  staff: Actor[]
  makers: Makers
}

export interface Approvers {
  fallsTo: 'agents' | 'operators' | 'none'
  ids: string[]
}

/** The agents who may decide a case; Operators only if no agent may. */
export function approversOf(people: CasePeople, staff: readonly Actor[], makers: Makers): Approvers {
  const able = staff.filter((actor) => {
    const target = { ...people, tiedToActor: isTied(people, actor, makers), agentsMayDecide: false }
    return mayDecideApproval(actor, target) === null
  })
  const agents = able.filter(({ isServiceDesk }) => isServiceDesk)
  const fallsTo = agents.length > 0 ? 'agents' : able.length > 0 ? 'operators' : 'none'
  return { fallsTo, ids: (agents.length > 0 ? agents : able).map(({ id }) => id) }
}

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
  return shareAMaker(makers, id, requestedBy) || (userId !== null && oneMadeTheOther(makers, id, userId))
}
