import { asc, desc, eq, gt, sql } from 'drizzle-orm'
import type { Database, Transaction } from '../db/client.ts'
import { auditEvents } from '../db/schema/audit-events.ts'
import { auditSeals, auditUnsealed } from '../db/schema/audit-seals.ts'
import { uuidArray } from '../db/uuid-array.ts'
import { CHAIN_START, linkHash } from './chain.ts'
import { storedEvent } from './stored-event.ts'

const BATCH = 1000

/**
 * Seals the events that wait for it, `atMost` at a time; what is left waits for the next run. Any number may call
 * it at once: while one seals, the others return. Returns how many it sealed.
 *
 * Why none is ever skipped: ids are made at insertion but transactions commit in another order, so no id or time
 * tells up to where everything has been seen. Therefore nothing here remembers a place. An event is put among
 * those that wait in the transaction that writes it, by a trigger, and both become visible at once; it leaves them
 * only together with the insertion of its seal. Whatever commits late is found by the next run and sealed then:
 * the chain has an order of its own, that of sealing, which `seq` counts. Nor can an event that is visible still be
 * taken back, so no grace period is needed.
 */
export async function sealEvents(db: Database, now: Date, atMost: number): Promise<number> {
  let sealed = 0
  let last: string | undefined
  do {
    // Behind the last one: before it are the places that were just emptied.
    const batch = await sealBatch(db, now, last)
    sealed += batch.length
    last = batch.length === BATCH ? batch.at(-1) : undefined
  } while (last !== undefined && sealed < atMost)
  return sealed
}

/** Returns the ids of the events it sealed. */
function sealBatch(db: Database, now: Date, after: string | undefined): Promise<string[]> {
  return db.transaction(async (tx) => {
    if (!(await alone(tx))) return []
    const events = await tx
      .select(storedEvent)
      .from(auditUnsealed)
      // An event that is gone already stays among those that wait: verifying tells of it.
      .innerJoin(auditEvents, eq(auditEvents.id, auditUnsealed.eventId))
      .where(after === undefined ? undefined : gt(auditUnsealed.eventId, after))
      .orderBy(asc(auditUnsealed.eventId))
      .limit(BATCH)
    if (events.length === 0) return []

    const head = await readHead(tx)
    let hash: Buffer = head.hash
    const hashes = events.map((event) => {
      hash = linkHash(hash, event)
      return hash.toString('hex')
    })
    const ids = events.map(({ id }) => id)
    await tx.execute(sql`
      insert into ${auditSeals} (seq, event_id, hash, sealed_at)
      select ${head.seq} + place, event_id, decode(hash, 'hex'), ${now.toISOString()}
      from unnest(${uuidArray(ids)}, string_to_array(${hashes.join(',')}, ',')) with ordinality
        as sealed(event_id, hash, place)`)
    await tx.delete(auditUnsealed).where(sql`${auditUnsealed.eventId} = any(${uuidArray(ids)})`)
    return ids
  })
}

/** Whoever comes second need not wait: what there is to seal is being sealed. */
async function alone(tx: Transaction): Promise<boolean> {
  const [row] = await tx.execute<{ alone: boolean }>(
    sql`select pg_try_advisory_xact_lock(hashtext('audit seals')) as alone`,
  )
  return row?.alone === true
}

/** The seal that the next one follows. Read under the lock, so it is the last there is. */
async function readHead(tx: Transaction): Promise<{ seq: number; hash: Buffer }> {
  const [head] = await tx
    .select({ seq: auditSeals.seq, hash: auditSeals.hash })
    .from(auditSeals)
    .orderBy(desc(auditSeals.seq))
    .limit(1)
  return head ?? { seq: 0, hash: CHAIN_START }
}
