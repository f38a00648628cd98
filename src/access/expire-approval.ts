import { and, eq, type SQL } from 'drizzle-orm'
import { NO_REQUEST, record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { approvals } from '../platform/db/schema/approvals.ts'
import { notify } from '../platform/mail/notify.ts'
import { caseDetails } from './case-details.ts'

/** Late or repeated it changes nothing. Returns when to run again if it is too early. */
export async function expireApproval(
  tx: Transaction,
  approvalId: string,
  now: Date,
): Promise<{ again: Date } | null> {
  const isIt = eq(approvals.id, approvalId)
  const [waiting] = await tx
    .select({ expiresAt: approvals.expiresAt })
    .from(approvals)
    .where(and(isIt, eq(approvals.status, 'open')))
    .for('update')
  if (!waiting) return null
  if (now < waiting.expiresAt) return { again: waiting.expiresAt }
  await markExpired(tx, isIt, now)
  return null
}

/** Marks the open ones of these cases as expired, records it and queues mails. The caller checks their time. */
export async function markExpired(tx: Transaction, which: SQL | undefined, now: Date): Promise<void> {
  const expired = await tx
    .update(approvals)
    .set({ status: 'expired', decidedAt: now })
    .where(and(which, eq(approvals.status, 'open')))
    .returning()
  for (const { id: approvalId, kind, clientId, userId, requestedBy } of expired) {
    const eventId = await record(tx, {
      at: now,
      action: 'approval.expired',
      outcome: 'success',
      origin: NO_REQUEST,
      clientId,
      actorId: null,
      subjectId: userId,
      details: caseDetails({ id: approvalId, kind }),
    })
    await notify(tx, { to: requestedBy, kind: 'approval-decided', eventId, facts: { approvalId } })
  }
}
