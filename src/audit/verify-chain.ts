import { and, asc, desc, eq, gt, lte, sql } from 'drizzle-orm'
import type { Database } from '../db/client.ts'
import { auditEvents } from '../db/schema/audit-events.ts'
import { auditSeals, auditUnsealed } from '../db/schema/audit-seals.ts'
import { CHAIN_START, linkHash, type StoredEvent } from './chain.ts'
import { storedEvent } from './stored-event.ts'

const BATCH = 2000

/** A seal as somebody keeps it elsewhere. */
export interface Pin {
  seq: number
  /** Hexadecimal. */
  hash: string
}

export type Harm =
  /** The event does not fit its seal. */
  | 'changed'
  /** There is a seal, or a place among those that wait for one, and no event. */
  | 'removed'
  /** There is an event, and neither. */
  | 'inserted'
  /** The seal was made for another place of the chain, or for an event that stands elsewhere in it. */
  | 'reordered'
  | 'seal-missing'
  /** The chain holds together and is not the one that was pinned. */
  | 'rewritten'
  /** The chain ends before the seal that was pinned. */
  | 'cut-off'

/** The first row that is not as it was sealed. */
export interface Broken {
  harm: Harm
  seq: number | null
  eventId: string | null
}

export interface ChainReport {
  /** How many seals were found to be right. */
  verified: number
  unsealed: number
  /** The last seal there is; null: nothing was sealed yet. */
  head: Pin | null
  broken: Broken | null
}

interface Link {
  seq: number
  eventId: string
  hash: Buffer
  /** Null: it is gone. */
  event: StoredEvent | null
}

/**
 * Walks the chain from its start to its head and names the first row that is broken. It never holds more than a
 * batch. `onProgress` is told how many seals are done, of how many.
 */
export async function verifyChain(
  db: Database,
  pins: readonly Pin[],
  onProgress: (done: number, total: number) => void,
): Promise<ChainReport> {
  const head = await readHead(db)
  const unsealed = await db.$count(auditUnsealed)
  let verified = 0
  let broken: Broken | null = null
  let previous: Buffer = CHAIN_START

  for await (const batch of links(db, head?.seq ?? 0)) {
    for (const link of batch) {
      broken = await judgeLink(db, link, { seq: verified + 1, previous, head, pins })
      if (broken) return { verified, unsealed, head, broken }
      verified += 1
      previous = link.hash
    }
    onProgress(verified, head?.seq ?? 0)
  }
  broken = findCutOff(head, pins) ?? (await findOutside(db))
  return { verified, unsealed, head, broken }
}

async function readHead(db: Database): Promise<Pin | null> {
  const [head] = await db
    .select({ seq: auditSeals.seq, hash: auditSeals.hash })
    .from(auditSeals)
    .orderBy(desc(auditSeals.seq))
    .limit(1)
  return head ? { seq: head.seq, hash: head.hash.toString('hex') } : null
}

/** The chain up to `last`, in its order, batch by batch. */
async function* links(db: Database, last: number): AsyncGenerator<Link[]> {
  for (let after = -1; after < last; ) {
    const batch = await db
      .select({ seq: auditSeals.seq, eventId: auditSeals.eventId, hash: auditSeals.hash, event: storedEvent })
      .from(auditSeals)
      .leftJoin(auditEvents, eq(auditEvents.id, auditSeals.eventId))
      .where(and(gt(auditSeals.seq, after), lte(auditSeals.seq, last)))
      .orderBy(asc(auditSeals.seq))
      .limit(BATCH)
    const end = batch.at(-1)
    if (!end) return
    after = end.seq
    yield batch.map(({ event, ...link }) => ({ ...link, event: isWhole(event) ? event : null }))
  }
}

/** Of an event that is gone every column is null. */
function isWhole(event: { [Column in keyof StoredEvent]: unknown } | null): event is StoredEvent {
  return event !== null && event.id !== null
}

async function judgeLink(
  db: Database,
  link: Link,
  expected: { seq: number; previous: Buffer; head: Pin | null; pins: readonly Pin[] },
): Promise<Broken | null> {
  const { seq, eventId, hash, event } = link
  const { previous, head, pins } = expected
  if (seq > expected.seq) return { harm: 'seal-missing', seq: expected.seq, eventId: null }
  if (seq < expected.seq) return { harm: 'reordered', seq, eventId }
  if (!event) return { harm: 'removed', seq, eventId }
  if (!linkHash(previous, event).equals(hash)) {
    const moved = await fitsElsewhere(db, { seq, hash, event }, previous, head?.seq ?? 0)
    return { harm: moved ? 'reordered' : 'changed', seq, eventId }
  }
  const rewritten = pins.some((pin) => pin.seq === seq && pin.hash !== hash.toString('hex'))
  return rewritten ? { harm: 'rewritten', seq, eventId } : null
}

/** Whether the seal would be right for an event sealed elsewhere, or behind another seal. */
async function fitsElsewhere(
  db: Database,
  link: { seq: number; hash: Buffer; event: StoredEvent },
  previous: Buffer,
  last: number,
): Promise<boolean> {
  if (linkHash(CHAIN_START, link.event).equals(link.hash)) return true
  for await (const batch of links(db, last))
    for (const { seq, hash, event } of batch) {
      if (seq !== link.seq && event && linkHash(previous, event).equals(link.hash)) return true
      if (linkHash(hash, link.event).equals(link.hash)) return true
    }
  return false
}

function findCutOff(head: Pin | null, pins: readonly Pin[]): Broken | null {
  const cut = pins.find((pin) => pin.seq > (head?.seq ?? 0))
  return cut ? { harm: 'cut-off', seq: cut.seq, eventId: null } : null
}

/**
 * What stands outside the chain and should not: an event waits for its seal from the commit on that wrote it, so
 * one that neither waits nor is sealed came in behind the trigger's back (or its seal was taken away), and one that
 * waits and is not there was taken away.
 */
function findOutside(db: Database): Promise<Broken | null> {
  return db.transaction(async (tx) => {
    // It looks at every event there is.
    await tx.execute(sql`set local statement_timeout = 0`)
    const [inserted] = await tx
      .select({ id: auditEvents.id })
      .from(auditEvents)
      .where(
        sql`not exists (select from ${auditSeals} where ${auditSeals.eventId} = ${auditEvents.id})
          and not exists (select from ${auditUnsealed} where ${auditUnsealed.eventId} = ${auditEvents.id})`,
      )
      .orderBy(asc(auditEvents.id))
      .limit(1)
    if (inserted) return { harm: 'inserted', seq: null, eventId: inserted.id }
    const [removed] = await tx
      .select({ id: auditUnsealed.eventId })
      .from(auditUnsealed)
      .where(sql`not exists (select from ${auditEvents} where ${auditEvents.id} = ${auditUnsealed.eventId})`)
      .orderBy(asc(auditUnsealed.eventId))
      .limit(1)
    return removed ? { harm: 'removed', seq: null, eventId: removed.id } : null
  })
}
