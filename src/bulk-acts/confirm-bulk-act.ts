import { and, eq, isNull } from 'drizzle-orm'
import { validate as isUuid, NIL } from 'uuid'
import type { ActRequest } from '../access/act-request.ts'
import { judgeWithinAccount, refuseUnknown } from '../access/judge.ts'
import type { Outcome } from '../access/outcome.ts'
import { mayChangeWithin } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import { bulkActPeople, bulkActs, type ConfirmingSession } from '../platform/db/schema/bulk-acts.ts'
import { enqueue } from '../platform/outbox/enqueue.ts'
import { SECOND } from '../platform/time/durations.ts'
import type { BulkKind } from '../users/bulk-choices.ts'
import { SINGLE_ACTS } from './acts.ts'

/** So few are done in the request. */
const FEW = 10
/** The job of a few waits for the request, and goes on if that has died. */
const AFTER_REQUEST_MS = 10 * SECOND

/** Confirms a draft of the actor's own. `few`: the caller carries it out at once. Repeated, it changes nothing. */
export async function confirmBulkAct(
  deps: Deps,
  request: ActRequest & { bulkActId: string },
): Promise<Outcome<{ few: boolean }>> {
  const { actor, bulkActId, form, origin } = request
  return deps.db.transaction(async (tx): Promise<Outcome<{ few: boolean }>> => {
    const isThis = eq(bulkActs.id, isUuid(bulkActId) ? bulkActId : NIL)
    const mine = and(isThis, eq(bulkActs.requestedBy, actor.userId))
    const [found] = await tx
      .select({ clientId: bulkActs.clientId, kind: bulkActs.kind })
      .from(bulkActs)
      .where(mine)
    if (!found) return refuseUnknown(deps, tx, { actor, action: 'access', origin, asked: bulkActId })
    const { action, readEvidence } = SINGLE_ACTS[found.kind as BulkKind]
    const about = { actor, action, origin, clientId: found.clientId } as const
    const verdict = await judgeWithinAccount(deps, tx, about, (is, { relation }) =>
      mayChangeWithin(is, relation),
    )
    if (!verdict.ok) return verdict
    // Locks the actor before the draft, as drafting another one does: the other order would deadlock.
    const [draft] = await tx.select({ status: bulkActs.status }).from(bulkActs).where(mine).for('update')
    if (!draft) return { ok: false, refusal: 'unknown' }
    if (draft.status !== 'draft') return { ok: true, few: false }

    const { evidence, missing } = readEvidence(verdict.actor, form)
    if (!evidence) return { ok: false, refusal: null, missing }
    const { reason = null, ticket = null } = evidence
    await tx
      .update(bulkActs)
      .set({
        status: 'confirmed',
        confirmedAt: verdict.now,
        origin: { address: origin.address, userAgent: origin.userAgent, requestId: origin.requestId },
        session: sessionOf(actor),
        reason,
        ticket,
      })
      .where(isThis)
    const isOpen = and(eq(bulkActPeople.bulkActId, bulkActId), isNull(bulkActPeople.outcome))
    const few = (await tx.$count(bulkActPeople, isOpen)) <= FEW
    const dueAt = few ? new Date(verdict.now.getTime() + AFTER_REQUEST_MS) : null
    await enqueue(tx, 'carry-out-bulk-act', { bulkActId }, dueAt)
    return { ok: true, few }
  })
}

function sessionOf({
  sessionId,
  userId,
  epoch,
  passwordAt,
  verified,
}: ActRequest['actor']): ConfirmingSession {
  return { sessionId, userId, epoch, passwordAt, ...(verified && { verified }) }
}
