import { and, eq, gt, lte, sql } from 'drizzle-orm'
import type { Deps } from '../deps.ts'
import type { ActingSession } from '../gate/acting-session.ts'
import { type Origin, record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { approvals } from '../platform/db/schema/approvals.ts'
import { notifyAll } from '../platform/mail/notify.ts'
import { enqueue } from '../platform/outbox/enqueue.ts'
import { DAY, HOUR } from '../platform/time/durations.ts'
import { readStaff } from './approvers.queries.ts'
import { approversOf } from './approvers.ts'
import { caseDetails } from './case-details.ts'
import { keysOf } from './choose-role-groups.ts'
import type { Evidence } from './evidence.ts'
import { markExpired } from './expire-approval.ts'
import type { Refusal } from './refusals.ts'

export const APPROVAL_LIFE_MS = DAY
/** Each case is mailed to all who may decide it. */
const CASES_WITHIN_HOUR = 30

export interface AskedFor {
  kind: (typeof approvals.$inferInsert)['kind']
  clientId: string
  /** Null: an invitation. */
  userId: string | null
  email: string
  name: string
  /** Keys of the role groups held now. */
  held: readonly string[]
  change: Record<'given' | 'taken', readonly { key: string }[]>
  requestedBy: string
  requesterEpoch: number
  requesterSession: string
  evidence: Evidence
  origin: Origin
}

/** Who asks, and in which session. */
export function requesterOf({ userId, epoch, sessionId }: ActingSession) {
  return { requestedBy: userId, requesterEpoch: epoch, requesterSession: sessionId }
}

/**
 * Opens a case for a second person and queues mails to those who may approve. Refused without such a person, and while
 * another case about the same person is open; the caller records that. `email`: canonical.
 */
export async function openApproval(
  { clock }: Pick<Deps, 'clock'>,
  tx: Transaction,
  asked: AskedFor,
): Promise<{ ok: true; approvalId: string } | { ok: false; refusal: Refusal }> {
  const { kind, clientId, userId, email, name, held, change, requestedBy, origin } = asked
  const { requesterEpoch, requesterSession } = asked
  const { ticket, reason } = asked.evidence
  if (ticket === undefined || reason === undefined)
    throw new Error('an approval was requested without ticket and reason')
  // A second request about the same person waits here, then finds the first.
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`approval of ${email}`}, 0))`)
  const now = clock.now()
  const { staff, makers } = await readStaff(tx, [asked], now)
  const { ids: approvers } = approversOf(asked, staff, makers)
  if (approvers.length === 0) return { ok: false, refusal: 'no-approver' }

  const lately = and(
    eq(approvals.requestedBy, requestedBy),
    gt(approvals.requestedAt, new Date(now.getTime() - HOUR)),
  )
  if ((await tx.$count(approvals, lately)) >= CASES_WITHIN_HOUR)
    return { ok: false, refusal: 'approvals-within-hour' }

  // A case past its time is not open, even before its job has run.
  await markExpired(tx, and(eq(approvals.email, email), lte(approvals.expiresAt, now)), now)
  const expiresAt = new Date(now.getTime() + APPROVAL_LIFE_MS)
  const [opened] = await tx
    .insert(approvals)
    .values({
      kind,
      clientId,
      userId,
      email,
      name,
      held: [...held].sort(),
      given: keysOf(change.given),
      taken: keysOf(change.taken),
      requestedBy,
      requesterEpoch,
      requesterSession,
      requestedAt: now,
      expiresAt,
      ticket,
      reason,
      origin,
    })
    .onConflictDoNothing()
    .returning({ id: approvals.id })
  if (!opened) return { ok: false, refusal: 'already-waiting' }

  const approvalId = opened.id
  const eventId = await record(tx, {
    at: now,
    action: 'approval.requested',
    outcome: 'success',
    origin,
    clientId,
    actorId: requestedBy,
    subjectId: userId,
    details: {
      ...caseDetails({ id: approvalId, kind }),
      given: keysOf(change.given),
      taken: keysOf(change.taken),
      ticket,
      reason,
    },
  })
  const mail = { kind: 'approval-requested', eventId, facts: { approvalId } } as const
  await notifyAll(
    tx,
    approvers.map((to) => ({ ...mail, to })),
  )
  await enqueue(tx, 'expire-approval', { approvalId }, expiresAt)
  return { ok: true, approvalId }
}
