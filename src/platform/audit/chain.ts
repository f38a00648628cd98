// The chain over the audit log: what is hashed, and how. Pure. Sealing and verifying call the same functions; they are
// never changed, or every existing chain would read as broken.
import { createHash, createHmac } from 'node:crypto'
import type { AuditKey } from '../../config.ts'

/** An event exactly as PostgreSQL stores it. */
export interface StoredEvent {
  id: string
  /** Microseconds since 1970, which a Date would round. */
  at: string
  clientId: string | null
  actorId: string | null
  subjectId: string | null
  action: string
  outcome: string
  address: string | null
  userAgent: string | null
  requestId: string | null
  /** The text of the jsonb: PostgreSQL keeps its keys in one order and no spare blanks. */
  details: string
}

/** What the first seal follows. */
export const CHAIN_START = Buffer.alloc(32)

/**
 * A seal: HMAC-SHA-256 over the hash before (32 bytes) and, in UTF-8, the canonical form of the time of sealing
 * (microseconds since 1970) and the event. Who can change the database but has no key can make none.
 */
export function keyedHash(
  { key }: Pick<AuditKey, 'key'>,
  previous: Uint8Array,
  event: StoredEvent,
  sealedAt: string,
): Buffer {
  return createHmac('sha256', key)
    .update(previous)
    .update(canonicalForm(event, [sealedAt]))
    .digest()
}

/** A seal from before there were keys: SHA-256 over the hash before and the canonical form of the event. */
export function keylessHash(previous: Uint8Array, event: StoredEvent): Buffer {
  return createHash('sha256').update(previous).update(canonicalForm(event, [])).digest()
}

/** The whole row as a JSON array, in an order of its own: no two events have the same. */
function canonicalForm(event: StoredEvent, before: readonly string[]): string {
  const { id, at, clientId, actorId, subjectId, action, outcome, address, userAgent, requestId, details } =
    event
  return JSON.stringify([
    ...before,
    id,
    at,
    clientId,
    actorId,
    subjectId,
    action,
    outcome,
    address,
    userAgent,
    requestId,
    details,
  ])
}
