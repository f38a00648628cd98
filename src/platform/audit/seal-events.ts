import { asc, eq, gt, sql } from 'drizzle-orm'
import type { AuditKey } from '../../config.ts'
import type { Database, Transaction } from '../db/client.ts'
import { auditEvents } from '../db/schema/audit-events.ts'
import { auditSeals, auditUnsealed } from '../db/schema/audit-seals.ts'
import { uuidArray } from '../db/uuid-array.ts'
import { CHAIN_START, keyedHash } from './chain.ts'
import { BY_THE_PRODUCT, record } from './record.ts'
import { hasKeyedSeal, headText, readLastSeals, type Seal } from './seals.queries.ts'
import { storedEvent } from './stored-event.ts'

const BATCH = 1000

export interface Sealing {
  /** The first seals; the last seal may have been made with any. */
  keys: readonly AuditKey[]
  now: Date
  /** What is left waits for the next run. */
  atMost: number
}

/** Thrown when the chain ends in a seal that must not be followed. Nothing was sealed. */
export class ChainEndError extends Error {
  constructor({ seq }: Pick<Seal, 'seq'>, why: string) {
    super(`The audit log is not sealed any further than ${seq}: ${why}. Run npm run audit:verify.`)
    this.name = 'ChainEndError'
  }
}

/**
 * Seals the events that wait for it. Any number of processes may call it at once: while one seals, the others return.
 * Returns how many it sealed. Throws ChainEndError.
 *
 * Why none is ever skipped: ids are made at insertion but transactions commit in another order, so no id or time
 * tells up to where everything has been seen. Therefore nothing here remembers a place. An event is put among
 * those that wait in the transaction that writes it, by a trigger, and both become visible at once; it leaves them
 * only together with the insertion of its seal. An event that commits late is found by the next run and sealed then:
 * the chain has an order of its own, that of sealing, which `seq` counts. Nor can an event that is visible still be
 * taken back, so no grace period is needed.
 */
export async function sealEvents(db: Database, sealing: Sealing): Promise<number> {
  let sealed = 0
  let last: string | undefined
  do {
    // Behind the last one: before it are the places that were just emptied.
    const batch = await sealBatch(db, sealing, last)
    sealed += batch.length
    last = batch.length === BATCH ? batch.at(-1) : undefined
  } while (last !== undefined && sealed < sealing.atMost)
  return sealed
}

/** Returns the ids of the events it sealed. */
function sealBatch(db: Database, { keys, now }: Sealing, after: string | undefined): Promise<string[]> {
  const [key] = keys
  if (!key) throw new Error('no audit key is configured')
  return db.transaction(async (tx) => {
    if (!(await alone(tx))) return []
    const end = await readEnd(tx, keys, now)
    const events = await tx
      .select(storedEvent)
      .from(auditUnsealed)
      // An event that is gone already stays among those that wait: verifying tells of it.
      .innerJoin(auditEvents, eq(auditEvents.id, auditUnsealed.eventId))
      .where(after === undefined ? undefined : gt(auditUnsealed.eventId, after))
      .orderBy(asc(auditUnsealed.eventId))
      .limit(BATCH)
    if (events.length === 0) return []

    let hash: Buffer = end.hash
    const sealedAt = `${now.getTime()}000`
    const hashes = events.map((event) => {
      hash = keyedHash(key, hash, event, sealedAt)
      return hash.toString('hex')
    })
    const ids = events.map(({ id }) => id)
    await tx.execute(sql`
      insert into ${auditSeals} (seq, event_id, key_id, hash, sealed_at)
      select ${end.seq} + place, event_id, ${key.id}, decode(hash, 'hex'), ${now.toISOString()}
      from unnest(${uuidArray(ids)}, string_to_array(${hashes.join(',')}, ',')) with ordinality
        as sealed(event_id, hash, place)`)
    await tx.delete(auditUnsealed).where(sql`${auditUnsealed.eventId} = any(${uuidArray(ids)})`)
    return ids
  })
}

/** The second process need not wait: what there is to seal is being sealed. */
async function alone(tx: Transaction): Promise<boolean> {
  const [row] = await tx.execute<{ alone: boolean }>(
    sql`select pg_try_advisory_xact_lock(hashtext('audit seals')) as alone`,
  )
  return row?.alone === true
}

/**
 * The seal that the next one follows. Read under the lock, so it is the last there is. It is checked: to follow a seal
 * that was forged, or made with another key of the same id, would vouch for it.
 */
async function readEnd(
  tx: Transaction,
  keys: readonly AuditKey[],
  now: Date,
): Promise<{ seq: number; hash: Buffer }> {
  const { last, before } = await readLastSeals(tx)
  if (!last) return { seq: 0, hash: CHAIN_START }
  if (last.keyId === null) {
    await takeOver(tx, last, now)
    return last
  }
  const key = keys.find(({ id }) => id === last.keyId)
  if (!key) throw new ChainEndError(last, `its key '${last.keyId}' is not among AUDIT_KEYS`)
  const fits =
    last.event && keyedHash(key, before?.hash ?? CHAIN_START, last.event, last.sealedAt).equals(last.hash)
  if (!fits) throw new ChainEndError(last, `it does not fit its event and key '${key.id}' of AUDIT_KEYS`)
  return last
}

/**
 * A chain from before there were keys: the first keyed seal covers the last hash without one, and with it all before.
 * The event says where that was. It happens once: a seal without a key behind one that has a key is forged.
 */
async function takeOver(tx: Transaction, last: Seal, now: Date): Promise<void> {
  if (await hasKeyedSeal(tx)) throw new ChainEndError(last, 'it has no key, and seals before it have one')
  await record(tx, {
    ...BY_THE_PRODUCT,
    at: now,
    action: 'audit.taken-over',
    outcome: 'success',
    details: { head: headText({ seq: last.seq, hash: last.hash.toString('hex') }) },
  })
}
