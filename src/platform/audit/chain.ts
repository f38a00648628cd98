// The hash chain over the audit log. Pure. Never change these functions: every existing chain would verify as broken.
import { createHash, createHmac } from 'node:crypto'
import type { AuditKey } from '../../config.ts'

export interface StoredEvent {
  id: string
  /** Microseconds since 1970. A Date would round them. */
  at: string
  clientId: string | null
  actorId: string | null
  subjectId: string | null
  action: string
  outcome: string
  address: string | null
  userAgent: string | null
  requestId: string | null
  /** The text of the jsonb, which is canonical in PostgreSQL. */
  details: string
}

export const CHAIN_START = Buffer.alloc(32)

/** A seal: HMAC-SHA-256 over the previous hash and the canonical form of `sealedAt` (microseconds) and event. */
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

/** A seal of the old format without keys: SHA-256 over the previous hash and the canonical form of the event. */
export function keylessHash(previous: Uint8Array, event: StoredEvent): Buffer {
  return createHash('sha256').update(previous).update(canonicalForm(event, [])).digest()
}

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
