import { and, eq } from 'drizzle-orm'
import { validate as isUuid } from 'uuid'
import type { ActRequest } from '../access/act-request.ts'
import { caseDetails } from '../access/case-details.ts'
import { currentActor } from '../access/judge.ts'
import type { Outcome } from '../access/outcome.ts'
import { actorOf } from '../access/people.ts'
import type { Refusal } from '../access/refusals.ts'
import { mayWithdrawApproval } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import { type AuditEntry, record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { approvals } from '../platform/db/schema/approvals.ts'
import { recordRefusedCase } from './record-refused-case.ts'

/** Withdraws an open request of the actor's own. */
export function withdrawApproval(
  deps: Deps,
  request: Omit<ActRequest, 'form'> & { approvalId: string },
): Promise<Outcome<object, never>> {
  return deps.db.transaction(async (tx): Promise<Outcome<object, never>> => {
    const { approvalId, origin } = request
    const action = 'approval.withdrawn'
    const current = await currentActor(deps, tx, request.actor, { action, origin, asked: approvalId })
    if (!current) return { ok: false, refusal: 'signed-out' }
    const { person: actor } = current
    const isIt = eq(approvals.id, approvalId)
    const [approval] = isUuid(approvalId) ? await tx.select().from(approvals).where(isIt).for('update') : []
    const now = deps.clock.now()
    const refuse = async (refusal: Refusal) => {
      const about = { action, now, origin, actor } as const
      await recordRefusedCase(tx, about, { id: approvalId, found: approval ?? null, refusal })
      return { ok: false, refusal } as const
    }
    if (!approval) return refuse('unknown')
    const refusal =
      mayWithdrawApproval(actorOf(actor), approval) ?? (approval.status === 'open' ? null : 'already-decided')
    if (refusal) return refuse(refusal)

    await withdraw(tx, approval, { actorId: actor.id, origin, at: now })
    return { ok: true }
  })
}

/** Withdraws what was asked for in a session that its owner ends: a thief may have asked. The caller has locked the owner. */
export async function withdrawRequestsOf(tx: Transaction, sessionId: string, by: WithdrawnBy): Promise<void> {
  const open = await tx
    .select()
    .from(approvals)
    .where(and(eq(approvals.requesterSession, sessionId), eq(approvals.status, 'open')))
    .for('update')
  for (const approval of open) await withdraw(tx, approval, by)
}

type WithdrawnBy = Pick<AuditEntry, 'at' | 'origin'> & { actorId: string }

async function withdraw(
  tx: Transaction,
  { id: approvalId, kind, clientId, userId: subjectId, given }: typeof approvals.$inferSelect,
  by: WithdrawnBy,
): Promise<void> {
  await tx
    .update(approvals)
    .set({ status: 'withdrawn', decidedBy: by.actorId, decidedAt: by.at })
    .where(eq(approvals.id, approvalId))
  await record(tx, {
    ...by,
    action: 'approval.withdrawn',
    outcome: 'success',
    clientId,
    subjectId,
    details: { ...caseDetails({ id: approvalId, kind }), given },
  })
}
