import { desc, eq, isNotNull, sql } from 'drizzle-orm'
import type { Reader } from '../db/client.ts'
import { auditEvents } from '../db/schema/audit-events.ts'
import { auditSeals } from '../db/schema/audit-seals.ts'
import type { StoredEvent } from './chain.ts'

export interface Head {
  seq: number
  /** Hexadecimal. */
  hash: string
}

export interface Seal {
  seq: number
  eventId: string
  keyId: string | null
  hash: Buffer
  /** Microseconds since 1970. */
  sealedAt: string
  /** Null if the event was deleted. */
  event: StoredEvent | null
}

/** An event as the chain hashes it, independent of the time zone and number format of the session. */
export const storedEvent = {
  id: auditEvents.id,
  at: sql<string>`(extract(epoch from ${auditEvents.at}) * 1000000)::bigint::text`,
  clientId: auditEvents.clientId,
  actorId: auditEvents.actorId,
  subjectId: auditEvents.subjectId,
  action: auditEvents.action,
  outcome: auditEvents.outcome,
  address: auditEvents.address,
  userAgent: auditEvents.userAgent,
  requestId: auditEvents.requestId,
  details: sql<string>`${auditEvents.details}::text`,
}

export const sealColumns = {
  seq: auditSeals.seq,
  eventId: auditSeals.eventId,
  keyId: auditSeals.keyId,
  hash: auditSeals.hash,
  sealedAt: sql<string>`(extract(epoch from ${auditSeals.sealedAt}) * 1000000)::bigint::text`,
  event: storedEvent,
}

/** The left join returns a deleted event with null columns. */
export function toSeal<Row extends { event: { [Column in keyof StoredEvent]: unknown } | null }>(
  row: Row,
): Omit<Row, 'event'> & Pick<Seal, 'event'> {
  return { ...row, event: isWhole(row.event) ? row.event : null }
}

function isWhole(event: { [Column in keyof StoredEvent]: unknown } | null): event is StoredEvent {
  return event !== null && event.id !== null
}

export async function readLastSeals(db: Reader): Promise<{ last: Seal | null; before: Seal | null }> {
  const rows = await db
    .select(sealColumns)
    .from(auditSeals)
    .leftJoin(auditEvents, eq(auditEvents.id, auditSeals.eventId))
    .orderBy(desc(auditSeals.seq))
    .limit(2)
  const [last = null, before = null] = rows.map(toSeal)
  return { last, before }
}

export async function readHead(db: Reader): Promise<Head | null> {
  const [head] = await db
    .select({ seq: auditSeals.seq, hash: auditSeals.hash })
    .from(auditSeals)
    .orderBy(desc(auditSeals.seq))
    .limit(1)
  return head ? { seq: head.seq, hash: head.hash.toString('hex') } : null
}

export async function hasKeyedSeal(db: Reader): Promise<boolean> {
  const [keyed] = await db
    .select({ seq: auditSeals.seq })
    .from(auditSeals)
    .where(isNotNull(auditSeals.keyId))
    .limit(1)
  return keyed !== undefined
}

/** 'SEQ:HASH', as in logs, mails and the arguments of `npm run audit:verify`. */
export function headText({ seq, hash }: Head): string {
  return `${seq}:${hash}`
}
