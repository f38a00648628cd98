import { sql } from 'drizzle-orm'
import { v7 as uuidv7 } from 'uuid'
import type { Transaction } from '../db/client.ts'
import { preparedOnce } from '../db/prepared-once.ts'
import { auditEvents } from '../db/schema/audit-events.ts'
import type { AuditAction, Outcome } from './actions.ts'

/** Where a request came from; null fields for what no request caused (jobs). */
export interface Origin {
  address: string | null
  userAgent: string | null
  requestId: string | null
}

export const NO_REQUEST: Origin = { address: null, userAgent: null, requestId: null }

export interface AuditEntry {
  /** Given where something that is written at the same time refers to it. */
  id?: string
  at: Date
  action: AuditAction
  outcome: Outcome
  origin: Origin
  /** The client account it happened in; null where nobody known is concerned. */
  clientId: string | null
  actorId: string | null
  subjectId: string | null
  /** Plain facts. Never a secret, a code, a password or a token. */
  details?: Record<string, unknown>
}

/** What the product does by itself, and to no account or user in particular. */
export const BY_THE_PRODUCT = {
  origin: NO_REQUEST,
  clientId: null,
  actorId: null,
  subjectId: null,
} as const satisfies Partial<AuditEntry>

/** Writes events that are alike but for their subject, in one statement. Returns the id of each, by its subject. */
export async function recordForEach(
  tx: Transaction,
  entry: Omit<AuditEntry, 'id' | 'subjectId'>,
  subjectIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { origin, details = {}, ...event } = entry
  const rows = await tx
    .insert(auditEvents)
    .values(subjectIds.map((subjectId) => ({ ...event, ...origin, details, subjectId })))
    .returning({ id: auditEvents.id, subjectId: auditEvents.subjectId })
  return new Map(rows.map(({ id, subjectId }) => [subjectId ?? '', id]))
}

/** Writes an audit event in the transaction of what it records. Returns its id, which notifications refer to. */
export async function record(tx: Transaction, entry: AuditEntry): Promise<string> {
  const { id = uuidv7(), origin, details = {}, ...event } = entry
  await recordQuery(tx).execute({ id, ...event, ...origin, details })
  return id
}

const recordQuery = preparedOnce((tx: Transaction) =>
  tx
    .insert(auditEvents)
    .values({
      id: sql.placeholder('id'),
      at: sql.placeholder('at'),
      action: sql.placeholder('action'),
      outcome: sql.placeholder('outcome'),
      address: sql.placeholder('address'),
      userAgent: sql.placeholder('userAgent'),
      requestId: sql.placeholder('requestId'),
      clientId: sql.placeholder('clientId'),
      actorId: sql.placeholder('actorId'),
      subjectId: sql.placeholder('subjectId'),
      details: sql.placeholder('details'),
    })
    .prepare('record_audit_event'),
)

/**
 * Events as JSON for `json_populate_recordset(null::audit_events, …)`: for a statement that records together with
 * what it does, where a transaction would cost the hot path three more ways to the database.
 */
export function auditRows(entries: readonly AuditEntry[]): string {
  const rows = entries.map(({ at, clientId, actorId, subjectId, action, outcome, origin, details = {} }) => ({
    id: uuidv7(),
    at,
    client_id: clientId,
    actor_id: actorId,
    subject_id: subjectId,
    action,
    outcome,
    address: origin.address,
    user_agent: origin.userAgent,
    request_id: origin.requestId,
    details,
  }))
  return JSON.stringify(rows)
}
