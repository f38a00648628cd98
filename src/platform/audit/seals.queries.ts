import { desc, eq, isNotNull, sql } from 'drizzle-orm'
import type { Reader } from '../db/client.ts'
import { auditEvents } from '../db/schema/audit-events.ts'
import { auditSeals } from '../db/schema/audit-seals.ts'
import type { StoredEvent } from './chain.ts'
import { storedEvent } from './stored-event.ts'

/** A position in the chain, as kept in logs and mails. */
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

/** Independent of the time zone and number format of the database session. */
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

/** The last seal. Null if nothing is sealed yet. */
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
