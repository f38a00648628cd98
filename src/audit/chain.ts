// The hash chain over the audit log: what is hashed, and how. Pure. Whoever seals and whoever verifies ask the same
// two functions; they are never changed, or every chain there is would read as broken.
import { createHash } from 'node:crypto'

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

/** SHA-256 over the hash before (32 bytes) and the event's canonical form (UTF-8). */
export function linkHash(previous: Uint8Array, event: StoredEvent): Buffer {
  return createHash('sha256').update(previous).update(canonicalForm(event)).digest()
}

/** The whole row as a JSON array, in an order of its own: no two events have the same. */
function canonicalForm(event: StoredEvent): string {
  const { id, at, clientId, actorId, subjectId, action, outcome, address, userAgent, requestId, details } =
    event
  return JSON.stringify([
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
