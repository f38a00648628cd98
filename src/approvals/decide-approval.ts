import { asc, eq, inArray } from 'drizzle-orm'
import { validate as isUuid } from 'uuid'
import { z } from 'zod'
import type { ActRequest } from '../access/act-request.ts'
import { readStaff } from '../access/approvers.queries.ts'
import { approvalTarget } from '../access/approvers.ts'
import { caseDetails } from '../access/case-details.ts'
import type { Closing } from '../access/closings.ts'
import { markExpired } from '../access/expire-approval.ts'
import { currentActor } from '../access/judge.ts'
import type { Outcome } from '../access/outcome.ts'
import { actorOf } from '../access/people.ts'
import type { Refusal } from '../access/refusals.ts'
import { mayDecideApproval } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import type { Person } from '../gate/facts.ts'
import { type Origin, record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { approvals } from '../platform/db/schema/approvals.ts'
import { users } from '../platform/db/schema/users.ts'
import { typedLine, wrongFields } from '../platform/http/typed-text.ts'
import { notify } from '../platform/mail/notify.ts'
import { namesPerson } from '../users/names-person.ts'
import { carryOutApproval } from './carry-out-approval.ts'
import { recordRefusedCase } from './record-refused-case.ts'

const decision = z.discriminatedUnion('decision', [
  z.object({ decision: z.literal('approve'), reason: typedLine(500).or(z.literal('')).default('') }),
  z.object({ decision: z.literal('refuse'), reason: typedLine(500) }),
])
export const DECISION_FIELDS = ['decision', 'reason'] as const
export type DecisionField = (typeof DECISION_FIELDS)[number]

/** `closed`: approved, but no longer possible, so that the case is closed. */
export type DecideOutcome = Outcome<
  { decided: 'approved' | 'refused' },
  { missing?: DecisionField[]; namesPerson?: true; closed?: Closing }
>

type Approval = typeof approvals.$inferSelect

/**
 * Approves or refuses the request of another agent. Locks the people and the case, then asks every rule: of two who
 * approve at once the second finds the case decided. An approved request takes effect in this transaction.
 */
export function decideApproval(
  deps: Deps,
  request: ActRequest & { approvalId: string },
): Promise<DecideOutcome> {
  return deps.db.transaction(async (tx): Promise<DecideOutcome> => {
    const { actor: session, approvalId, form, origin } = request
    const typed = decision.safeParse(form)
    const action = typed.data?.decision === 'refuse' ? 'approval.refused' : 'approval.approved'
    const approval = await lockCase(tx, approvalId, session.userId)
    const current = await currentActor(deps, tx, session, { action, origin, asked: approvalId })
    if (!current) return { ok: false, refusal: 'signed-out' }
    const { person: actor, now } = current
    const refuse = async (refusal: Refusal) => {
      const about = { action, now, origin, actor } as const
      await recordRefusedCase(tx, about, { id: approvalId, found: approval, refusal })
      return { ok: false, refusal } as const
    }
    if (!approval) return refuse('unknown')
    const refusal = await refusalOf(tx, approval, actor, now)
    if (refusal) return refuse(refusal)
    if (!typed.success)
      return { ok: false, refusal: null, missing: wrongFields(typed.error, DECISION_FIELDS) }

    const { reason } = typed.data
    const by = { origin, actor, reason }
    if (typed.data.decision === 'refuse') {
      await settle(deps, tx, approval, 'refused', by)
      return { ok: true, decided: 'refused' }
    }
    if (approval.kind === 'erasing' && namesPerson(reason, approval))
      return { ok: false, refusal: null, missing: ['reason'], namesPerson: true }
    const done = await carryOutApproval(deps, tx, approval, actor)
    if (done.ok) {
      await settle(deps, tx, { ...approval, userId: done.userId }, 'approved', by)
      return { ok: true, decided: 'approved' }
    }
    await settle(deps, tx, approval, 'closed', by, done.because)
    return { ok: false, refusal: null, closed: done.because }
  })
}

/** Locks the people in the order of their ids, then the case, so that transactions do not deadlock. */
async function lockCase(tx: Transaction, approvalId: string, actorId: string): Promise<Approval | null> {
  if (!isUuid(approvalId)) return null
  const isIt = eq(approvals.id, approvalId)
  const [found] = await tx
    .select({ requestedBy: approvals.requestedBy, userId: approvals.userId })
    .from(approvals)
    .where(isIt)
  if (!found) return null
  const concerned = [actorId, found.requestedBy, found.userId ?? []].flat()
  await tx
    .select({ id: users.id })
    .from(users)
    .where(inArray(users.id, concerned))
    .orderBy(asc(users.id))
    .for('no key update')
  const [approval] = await tx.select().from(approvals).where(isIt).for('update')
  return approval ?? null
}

/** Permission comes first: without it the answer must not reveal the state of the case. */
async function refusalOf(
  tx: Transaction,
  approval: Approval,
  actor: Person,
  now: Date,
): Promise<Refusal | null> {
  const { staff, makers } = await readStaff(tx, [approval], now, actor.id)
  const refusal = mayDecideApproval(actorOf(actor), approvalTarget(approval, actor, staff, makers))
  if (refusal) return refusal
  if (approval.status === 'expired') return 'approval-expired'
  if (approval.status !== 'open') return 'already-decided'
  if (now < approval.expiresAt) return null
  await markExpired(tx, eq(approvals.id, approval.id), now)
  return 'approval-expired'
}

const ACTIONS = {
  approved: 'approval.approved',
  refused: 'approval.refused',
  closed: 'approval.closed',
} as const

async function settle(
  { clock }: Pick<Deps, 'clock'>,
  tx: Transaction,
  { id: approvalId, kind, clientId, userId, given, requestedBy }: Approval,
  status: keyof typeof ACTIONS,
  by: { origin: Origin; actor: Person; reason: string },
  closedBecause: Closing | null = null,
): Promise<void> {
  const { origin, actor, reason } = by
  const now = clock.now()
  await tx
    .update(approvals)
    .set({
      status,
      userId,
      decidedBy: actor.id,
      decidedAt: now,
      decisionReason: reason || null,
      closedBecause,
    })
    .where(eq(approvals.id, approvalId))
  const eventId = await record(tx, {
    at: now,
    action: ACTIONS[status],
    outcome: status === 'closed' ? 'failure' : 'success',
    origin,
    clientId,
    actorId: actor.id,
    subjectId: userId,
    details: {
      ...caseDetails({ id: approvalId, kind }),
      given,
      ...(reason && { reason }),
      ...(closedBecause && { closedBecause }),
    },
  })
  await notify(tx, { to: requestedBy, kind: 'approval-decided', eventId, facts: { approvalId } })
}
