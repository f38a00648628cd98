import { asc, eq, gt, sql } from 'drizzle-orm'
import type { AuditKey } from '../../config.ts'
import type { Database, Transaction } from '../db/client.ts'
import { auditEvents } from '../db/schema/audit-events.ts'
import { auditSeals, auditUnsealed } from '../db/schema/audit-seals.ts'
import { uuidArray } from '../db/uuid-array.ts'
import { CHAIN_START, keyedHash } from './chain.ts'
import { countSignIns } from './count-sign-ins.ts'
import { BY_THE_PRODUCT, record } from './record.ts'
import { hasKeyedSeal, headText, readLastSeals, type Seal, storedEvent } from './seals.queries.ts'

const BATCH = 1000

export interface Sealing {
  keys: readonly AuditKey[]
  now: Date
  atMost: number
}

export class ChainEndError extends Error {
  constructor({ seq }: Pick<Seal, 'seq'>, why: string) {
    super(`The audit log is not sealed any further than ${seq}: ${why}. Run npm run audit:verify.`)
    this.name = 'ChainEndError'
  }
}

/**
 * Seals pending events. Returns their number. Throws ChainEndError. Processes may call it concurrently: one seals.
 *
 * Transactions do not commit in the order of their ids or times, so no id or time is a safe position to continue from.
 * Instead, a trigger adds each event to audit_unsealed in the transaction that writes it. The event leaves that table
 * only in the transaction that inserts its seal. So no event is skipped. The order of the chain is that of sealing.
 */
export async function sealEvents(db: Database, sealing: Sealing): Promise<number> {
  let sealed = 0
  let last: string | undefined
  do {
    // Continues after the last id: the rows before it are dead and slow to scan.
    const batch = await sealBatch(db, sealing, last)
    sealed += batch.length
    last = batch.length === BATCH ? batch.at(-1) : undefined
  } while (last !== undefined && sealed < sealing.atMost)
  return sealed
}

function sealBatch(db: Database, { keys, now }: Sealing, after: string | undefined): Promise<string[]> {
  const [key] = keys
  if (!key) throw new Error('no audit key is configured')
  return db.transaction(async (tx) => {
    if (!(await isAlone(tx))) return []
    const end = await readEnd(tx, keys, now)
    const events = await tx
      .select(storedEvent)
      .from(auditUnsealed)
      // A deleted event stays in audit_unsealed, where verifying reports it.
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
    await countSignIns(tx, ids)
    return ids
  })
}

/** Does not wait: another process that holds the lock seals the same events. */
async function isAlone(tx: Transaction): Promise<boolean> {
  const [row] = await tx.execute<{ alone: boolean }>(
    sql`select pg_try_advisory_xact_lock(hashtext('audit seals')) as alone`,
  )
  return row?.alone === true
}

/** Returns the last seal, under the lock. Verifies it: a seal after a forged one would confirm the forgery. */
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
  const unfit = whyUnfit(last, before, keys)
  if (unfit) throw new ChainEndError(last, unfit)
  return last
}

/** Why a keyed seal is not the one that its event and AUDIT_KEYS make; null if it is. */
export function whyUnfit(
  { keyId, event, hash, sealedAt }: Seal,
  before: Seal | null,
  keys: readonly AuditKey[],
): string | null {
  const key = keys.find(({ id }) => id === keyId)
  if (!key) return `its key '${keyId}' is not among AUDIT_KEYS`
  const fits = event && keyedHash(key, before?.hash ?? CHAIN_START, event, sealedAt).equals(hash)
  return fits ? null : `it does not fit its event and key '${key.id}' of AUDIT_KEYS`
}

/** Continues a chain without keys, of the old format. A keyless seal after a keyed one is forged. */
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
