import { v7 as uuidv7 } from 'uuid'
import type { Transaction } from '../db/client.ts'
import { auditEvents, auditPersonal } from '../db/schema/audit-events.ts'
import type { AuditAction, EventOutcome } from './actions.ts'

export interface Origin {
  address: string | null
  userAgent: string | null
  requestId: string | null
  /** The act is one of many that were confirmed together. */
  bulkActId?: string
}

export const NO_REQUEST: Origin = { address: null, userAgent: null, requestId: null }

export interface AuditEntry {
  id?: string
  at: Date
  action: AuditAction
  outcome: EventOutcome
  origin: Origin
  clientId: string | null
  actorId: string | null
  subjectId: string | null
  /** Plain facts. Never a secret, a code, a password or a token; never the name or address of a person. */
  details?: Record<string, unknown>
}

/** `details`: names and addresses that pages show among the details of the event, until the person is erased. */
export interface Personal {
  personId: string
  details: Record<string, string>
}

export const BY_THE_PRODUCT = {
  origin: NO_REQUEST,
  clientId: null,
  actorId: null,
  subjectId: null,
} as const satisfies Partial<AuditEntry>

/** The common part of what a user does to themselves. */
export function byOneself({ id, clientId }: { id: string; clientId: string }, at: Date, origin: Origin) {
  return { at, outcome: 'success', origin, clientId, actorId: id, subjectId: id } as const
}

/** Records one event per subject in one statement. Returns the event ids by subject. */
export async function recordForEach(
  tx: Transaction,
  entry: Omit<AuditEntry, 'id' | 'subjectId'>,
  subjectIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { origin, details: _, ...event } = entry
  const details = detailsOf(entry)
  const rows = await tx
    .insert(auditEvents)
    .values(subjectIds.map((subjectId) => ({ ...event, ...origin, details, subjectId })))
    .returning({ id: auditEvents.id, subjectId: auditEvents.subjectId })
  return new Map(rows.map(({ id, subjectId }) => [subjectId ?? '', id]))
}

/** Writes an audit event in the transaction of its change. Returns its id, which notifications refer to. */
export async function record(tx: Transaction, entry: AuditEntry): Promise<string> {
  const { id = uuidv7(), origin, details: _, ...event } = entry
  await tx.insert(auditEvents).values({ id, ...event, ...origin, details: detailsOf(entry) })
  return id
}

/** The same for an event with names or addresses, which an erasure must be able to remove. */
export async function recordWithPersonal(
  tx: Transaction,
  entry: AuditEntry,
  personal: Personal,
): Promise<string> {
  const eventId = await record(tx, entry)
  await tx.insert(auditPersonal).values({ eventId, ...personal })
  return eventId
}

/** Events as JSON for `json_populate_recordset(null::audit_events, …)` in the statement that accepts a code. */
export function auditRows(entries: readonly AuditEntry[]): string {
  const rows = entries.map(({ at, clientId, actorId, subjectId, action, outcome, origin, details }) => ({
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
    details: detailsOf({ origin, ...(details && { details }) }),
  }))
  return JSON.stringify(rows)
}

function detailsOf({ origin, details = {} }: Pick<AuditEntry, 'origin' | 'details'>) {
  const { bulkActId } = origin
  return bulkActId === undefined ? details : { ...details, bulkActId }
}
