import { and, asc, eq, gt, isNotNull, sql } from 'drizzle-orm'
import type { EncryptionKey } from '../config.ts'
import { BY_THE_PRODUCT, record } from '../platform/audit/record.ts'
import { reseal } from '../platform/crypto/sealed-secret.ts'
import type { Database } from '../platform/db/client.ts'
import { authenticators } from '../platform/db/schema/authenticators.ts'

const BATCH = 500

export interface Rotation {
  resealed: number
  /** Authenticators whose secret no key opens; they stay as they are. */
  unreadable: string[]
}

export async function countSecrets(db: Database): Promise<number> {
  const [row] = await db
    .select({ secrets: sql<number>`count(*)::int` })
    .from(authenticators)
    .where(isNotNull(authenticators.sealedSecret))
  return row?.secrets ?? 0
}

/** Seals every authenticator's secret with the newest key. */
export async function rotateKeys(
  db: Database,
  keys: readonly EncryptionKey[],
  now: Date,
  onProgress: (done: number) => void,
): Promise<Rotation> {
  const [newest] = keys
  if (!newest) throw new Error('no encryption key is configured')
  const rotation: Rotation = { resealed: 0, unreadable: [] }
  let done = 0
  for (
    let batch = await readBatch(db, null);
    batch.length > 0;
    batch = await readBatch(db, batch.at(-1)?.authenticatorId)
  ) {
    for (const stored of batch) {
      const { sealed, ...of } = stored
      const resealed = reseal(sealed, of, keys)
      if (resealed === null) rotation.unreadable.push(stored.authenticatorId)
      else if (resealed !== sealed) {
        await replace(db, stored, resealed)
        rotation.resealed += 1
      }
    }
    done += batch.length
    onProgress(done)
  }
  if (rotation.resealed > 0) await recordRotation(db, newest.id, rotation, now)
  return rotation
}

interface StoredSecret {
  authenticatorId: string
  userId: string
  sealed: Buffer
}

async function readBatch(db: Database, after: string | null | undefined): Promise<StoredSecret[]> {
  const rows = await db
    .select({
      authenticatorId: authenticators.id,
      userId: authenticators.userId,
      sealed: authenticators.sealedSecret,
    })
    .from(authenticators)
    .where(and(isNotNull(authenticators.sealedSecret), after ? gt(authenticators.id, after) : undefined))
    .orderBy(asc(authenticators.id))
    .limit(BATCH)
  return rows.flatMap(({ sealed, ...of }) => (sealed ? [{ ...of, sealed }] : []))
}

/** Not if the secret was replaced or erased since it was read. */
function replace(db: Database, { authenticatorId, userId, sealed }: StoredSecret, sealedSecret: Buffer) {
  const { id, userId: owner, sealedSecret: stored } = authenticators
  return db
    .update(authenticators)
    .set({ sealedSecret })
    .where(and(eq(id, authenticatorId), eq(owner, userId), eq(stored, sealed)))
}

function recordRotation(db: Database, newestKey: string, { resealed, unreadable }: Rotation, at: Date) {
  return db.transaction((tx) =>
    record(tx, {
      ...BY_THE_PRODUCT,
      at,
      action: 'encryption-keys.rotated',
      outcome: unreadable.length === 0 ? 'success' : 'failure',
      details: { newestKey, resealed, unreadable: unreadable.length },
    }),
  )
}
