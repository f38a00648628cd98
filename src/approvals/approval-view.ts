// What pages show of a case. Buttons ask the rules that the commands ask.
import type { Case } from '../access/approvals.queries.ts'
import { approvalTarget, approversOf, type Staff } from '../access/approvers.ts'
import { closingSentence } from '../access/closings.ts'
import { REFUSALS } from '../access/refusals.ts'
import { type Actor, mayDecideApproval, mayWithdrawApproval } from '../access/rules.ts'
import { durationText } from '../platform/time/duration-text.ts'

interface Viewer {
  actor: Actor
  staff: Staff
  nameOf: ReadonlyMap<string, string>
  now: Date
}

export function approvalView(found: Case, { actor, staff: { staff, makers }, nameOf, now }: Viewer) {
  const isOpen = found.status === 'open' && now < found.expiresAt
  const refusal = mayDecideApproval(actor, approvalTarget(found, actor, staff, makers))
  const names = (keys: readonly string[]) => keys.map((key) => nameOf.get(key) ?? key).join(', ')
  const status = found.status === 'open' && !isOpen ? ('expired' as const) : found.status
  const { fallsTo } = approversOf(found, staff, makers)
  return {
    ...found,
    status,
    /** What the case asks for, in a few words. */
    title: found.kind === 'erasing' ? `Erase ${found.name}` : `${names(found.given)} for ${found.name}`,
    endedAt: found.decidedAt ?? found.expiresAt,
    held: names(found.held),
    given: names(found.given),
    taken: names(found.taken),
    outcome: outcomeSentence(found, status),
    isErased: found.kind === 'erasing' && status === 'approved',
    timeLeft: isOpen ? durationText(found.expiresAt.getTime() - now.getTime()) : '',
    waitsFor: fallsTo === 'operators' ? 'an Operator' : 'a second agent',
    isOwn: found.requestedBy === actor.id,
    mayWithdraw: isOpen && mayWithdrawApproval(actor, found) === null,
    mayDecide: isOpen && refusal === null,
    /** Why this viewer cannot decide; empty if they can, or if the request is their own. */
    whyNot: refusal === null || refusal === 'own-request' ? '' : REFUSALS[refusal].sentence,
    /** An Operator sees neither cases for agents nor decisions of others. */
    isHidden: refusal === 'unknown' && found.decidedBy !== actor.id,
  }
}

function outcomeSentence(found: Case, status: Case['status']): string {
  switch (status) {
    case 'open':
      return ''
    case 'approved':
      return `Approved by ${found.deciderName}.`
    case 'refused':
      return `Refused by ${found.deciderName}: ${found.decisionReason}`
    case 'withdrawn':
      return `Withdrawn by ${found.requesterName}.`
    case 'expired':
      return 'Expired without a decision.'
    case 'closed': {
      const because = found.closedBecause === null ? '' : closingSentence(found.closedBecause)
      return `Approved by ${found.deciderName}, but not carried out: ${because}`
    }
  }
}
