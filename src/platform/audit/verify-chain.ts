import { and, asc, eq, gt, lte, sql } from 'drizzle-orm'
import type { AuditKey } from '../../config.ts'
import type { Database } from '../db/client.ts'
import { auditEvents } from '../db/schema/audit-events.ts'
import { auditSeals, auditUnsealed } from '../db/schema/audit-seals.ts'
import { CHAIN_START, keyedHash, keylessHash, type StoredEvent } from './chain.ts'
import { type Head, readHead, type Seal, sealColumns, toSeal } from './seals.queries.ts'

const BATCH = 2000

export type Harm =
  | 'changed'
  /** A seal or an unsealed row has no event. */
  | 'removed'
  /** An event has neither a seal nor an unsealed row. */
  | 'inserted'
  | 'reordered'
  | 'seal-missing'
  | 'key-unknown'
  | 'keyless'
  /** No seal has a key: the worker has not run yet, or keyed seals were removed. */
  | 'not-taken-over'
  /** The chain is consistent but differs from a pin. */
  | 'rewritten'
  | 'cut-off'

export interface Broken {
  harm: Harm
  seq: number | null
  eventId: string | null
}

export interface ChainReport {
  verified: number
  /** Number of valid seals of the old format. They come first. */
  keyless: number
  unsealed: number
  head: Head | null
  broken: Broken | null
}

export interface Expected {
  keys: readonly AuditKey[]
  /** Heads kept outside the database. */
  pins: readonly Head[]
}

interface Walk {
  seq: number
  previous: Buffer
  keyless: boolean
  last: number
  keys: ReadonlyMap<string, AuditKey>
  pins: ReadonlyMap<number, readonly string[]>
}

export async function verifyChain(
  db: Database,
  { keys, pins }: Expected,
  onProgress: (done: number, total: number) => void,
): Promise<ChainReport> {
  const head = await readHead(db)
  const unsealed = await db.$count(auditUnsealed)
  const walk: Walk = {
    seq: 1,
    previous: CHAIN_START,
    keyless: true,
    last: head?.seq ?? 0,
    keys: new Map(keys.map((key) => [key.id, key])),
    pins: hashesBySeq(pins),
  }
  const report = { verified: 0, keyless: 0, unsealed, head }

  for await (const batch of seals(db, walk.last)) {
    for (const seal of batch) {
      const broken = await judgeSeal(db, seal, walk)
      if (broken) return { ...report, broken }
      report.verified += 1
      walk.seq += 1
      walk.previous = seal.hash
      walk.keyless &&= seal.keyId === null
      if (walk.keyless) report.keyless += 1
    }
    onProgress(report.verified, walk.last)
  }
  const broken = findCutOff(head, pins) ?? findNotTakenOver(head, walk) ?? (await findOutside(db))
  return { ...report, broken }
}

function hashesBySeq(pins: readonly Head[]): ReadonlyMap<number, readonly string[]> {
  const hashes = new Map<number, string[]>()
  for (const { seq, hash } of pins) hashes.set(seq, [...(hashes.get(seq) ?? []), hash])
  return hashes
}

async function* seals(db: Database, last: number): AsyncGenerator<Seal[]> {
  for (let after = -1; after < last; ) {
    const batch = await db
      .select(sealColumns)
      .from(auditSeals)
      .leftJoin(auditEvents, eq(auditEvents.id, auditSeals.eventId))
      .where(and(gt(auditSeals.seq, after), lte(auditSeals.seq, last)))
      .orderBy(asc(auditSeals.seq))
      .limit(BATCH)
    const end = batch.at(-1)
    if (!end) return
    after = end.seq
    yield batch.map(toSeal)
  }
}

async function judgeSeal(db: Database, seal: Seal, walk: Walk): Promise<Broken | null> {
  const { seq, eventId, keyId, hash, event } = seal
  if (seq > walk.seq) return { harm: 'seal-missing', seq: walk.seq, eventId: null }
  if (seq < walk.seq) return { harm: 'reordered', seq, eventId }
  if (keyId === null && !walk.keyless) return { harm: 'keyless', seq, eventId }
  if (keyId !== null && !walk.keys.has(keyId)) return { harm: 'key-unknown', seq, eventId }
  if (!event) return { harm: 'removed', seq, eventId }
  if (!fits(seal, walk.previous, event, walk)) {
    const moved = await fitsElsewhere(db, seal, event, walk)
    return { harm: moved ? 'reordered' : 'changed', seq, eventId }
  }
  const pinned = walk.pins.get(seq)
  const rewritten = pinned?.some((expected) => expected !== hash.toString('hex'))
  return rewritten ? { harm: 'rewritten', seq, eventId } : null
}

function fits({ keyId, hash, sealedAt }: Seal, previous: Buffer, event: StoredEvent, { keys }: Walk) {
  if (keyId === null) return keylessHash(previous, event).equals(hash)
  const key = keys.get(keyId)
  return key !== undefined && keyedHash(key, previous, event, sealedAt).equals(hash)
}

async function fitsElsewhere(db: Database, seal: Seal, event: StoredEvent, walk: Walk): Promise<boolean> {
  if (fits(seal, CHAIN_START, event, walk)) return true
  for await (const batch of seals(db, walk.last))
    for (const other of batch) {
      if (other.seq !== seal.seq && other.event && fits(seal, walk.previous, other.event, walk)) return true
      if (fits(seal, other.hash, event, walk)) return true
    }
  return false
}

function findCutOff(head: Head | null, pins: readonly Head[]): Broken | null {
  const cut = pins.find((pin) => pin.seq > (head?.seq ?? 0))
  return cut ? { harm: 'cut-off', seq: cut.seq, eventId: null } : null
}

/** Without keys an attacker could replace the whole chain by one of the old format. */
function findNotTakenOver(head: Head | null, { keyless }: Walk): Broken | null {
  return head && keyless ? { harm: 'not-taken-over', seq: head.seq, eventId: null } : null
}

/** A trigger makes each new event an unsealed row. Finds events without row and seal, and rows without event. */
function findOutside(db: Database): Promise<Broken | null> {
  return db.transaction(async (tx) => {
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
