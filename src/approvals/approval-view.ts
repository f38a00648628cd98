// What a page says about a case. Buttons ask the rules that the acts ask.

import type { Case } from '../access/approvals.queries.ts'
import { approvalTarget, approversOf, type Staff } from '../access/approvers.ts'
import { closingSentence } from '../access/closings.ts'
import { REFUSALS } from '../access/refusals.ts'
import { type Actor, mayDecideApproval, mayWithdrawApproval } from '../access/rules.ts'
import { durationText } from '../platform/time/duration-text.ts'

interface Onlooker {
  actor: Actor
  staff: Staff
  /** The name of each role group, by its key. */
  nameOf: ReadonlyMap<string, string>
  now: Date
}

/** A case as `actor` may see and decide it at `now`. */
export function approvalView(found: Case, { actor, staff: { staff, makers }, nameOf, now }: Onlooker) {
  const isOpen = found.status === 'open' && now < found.expiresAt
  const refusal = mayDecideApproval(actor, approvalTarget(found, actor, staff, makers))
  const names = (keys: readonly string[]) => keys.map((key) => nameOf.get(key) ?? key).join(', ')
  return {
    ...found,
    status: found.status === 'open' && !isOpen ? ('expired' as const) : found.status,
    endedAt: found.decidedAt ?? found.expiresAt,
    held: names(found.held),
    given: names(found.given),
    taken: names(found.taken),
    closedBecause: found.closedBecause === null ? '' : closingSentence(found.closedBecause),
    timeLeft: isOpen ? durationText(found.expiresAt.getTime() - now.getTime()) : '',
    fallsTo: approversOf(found, staff, makers).fallsTo,
    isOwn: found.requestedBy === actor.id,
    mayWithdraw: isOpen && mayWithdrawApproval(actor, found) === null,
    mayDecide: isOpen && refusal === null,
    /** Why there is nothing to decide for this viewer; empty if there is, and about what they asked for themselves. */
    whyNot: refusal === null || refusal === 'own-request' ? '' : REFUSALS[refusal].sentence,
    /** An Operator sees neither what falls to agents nor what another person decided. */
    isHidden: refusal === 'unknown' && found.decidedBy !== actor.id,
  }
}

export type ApprovalView = ReturnType<typeof approvalView>
