import { desc, eq, isNotNull, sql } from 'drizzle-orm'
import type { Reader } from '../db/client.ts'
import { auditEvents } from '../db/schema/audit-events.ts'
import { auditSeals } from '../db/schema/audit-seals.ts'
import type { StoredEvent } from './chain.ts'
import { storedEvent } from './stored-event.ts'

/** A place in the chain, as it is kept elsewhere: in a log, a mail, a note. */
export interface Head {
  seq: number
  /** Hexadecimal. */
  hash: string
}

/** A seal with the event it was made for; null: the event is gone. */
export interface Seal {
  seq: number
  eventId: string
  keyId: string | null
  hash: Buffer
  /** Microseconds since 1970. */
  sealedAt: string
  event: StoredEvent | null
}

/** The columns of a seal, whatever the time zone and the number formats of the session. */
export const sealColumns = {
  seq: auditSeals.seq,
  eventId: auditSeals.eventId,
  keyId: auditSeals.keyId,
  hash: auditSeals.hash,
  sealedAt: sql<string>`(extract(epoch from ${auditSeals.sealedAt}) * 1000000)::bigint::text`,
  event: storedEvent,
}

/** A seal as it was read. Every column is null of an event that is gone. */
export function toSeal<Row extends { event: { [Column in keyof StoredEvent]: unknown } | null }>(
  row: Row,
): Omit<Row, 'event'> & Pick<Seal, 'event'> {
  return { ...row, event: isWhole(row.event) ? row.event : null }
}

function isWhole(event: { [Column in keyof StoredEvent]: unknown } | null): event is StoredEvent {
  return event !== null && event.id !== null
}

/** The last seal and the one before it, as far as there are any. */
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

/** The end of the chain; null: nothing is sealed yet. */
export async function readHead(db: Reader): Promise<Head | null> {
  const [head] = await db
    .select({ seq: auditSeals.seq, hash: auditSeals.hash })
    .from(auditSeals)
    .orderBy(desc(auditSeals.seq))
    .limit(1)
  return head ? { seq: head.seq, hash: head.hash.toString('hex') } : null
}

/** Whether any seal was made with a key. */
export async function hasKeyedSeal(db: Reader): Promise<boolean> {
  const [keyed] = await db
    .select({ seq: auditSeals.seq })
    .from(auditSeals)
    .where(isNotNull(auditSeals.keyId))
    .limit(1)
  return keyed !== undefined
}

/** 'SEQ:HASH', as logs and mails tell it and `npm run audit:verify` takes it. */
export function headText({ seq, hash }: Head): string {
  return `${seq}:${hash}`
}
