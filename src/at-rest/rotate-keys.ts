import { and, asc, eq, gt, isNotNull, sql } from 'drizzle-orm'
import { NO_REQUEST, record } from '../audit/record.ts'
import type { EncryptionKey } from '../config.ts'
import type { Database } from '../db/client.ts'
import { authenticators } from '../db/schema/authenticators.ts'
import { seal, sealedWith, unseal } from './sealed-secret.ts'

const BATCH = 500

export interface Rotation {
  resealed: number
  /** Authenticators whose secret none of the keys opens; left as they are. */
  unreadable: string[]
}

/** How many secrets there are at all. */
export async function countSecrets(db: Database): Promise<number> {
  const [row] = await db
    .select({ secrets: sql<number>`count(*)::int` })
    .from(authenticators)
    .where(isNotNull(authenticators.sealedSecret))
  return row?.secrets ?? 0
}

/**
 * Seals every authenticator's secret with the newest key that is not sealed with it yet, so that older keys can
 * be taken away. Runs while people sign in: a secret that changes meanwhile is left alone.
 */
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
    batch = await readBatch(db, batch.at(-1)?.id)
  ) {
    for (const { id, sealed } of batch) {
      const outcome = await reseal(db, id, sealed, keys)
      if (outcome === 'resealed') rotation.resealed += 1
      if (outcome === 'unreadable') rotation.unreadable.push(id)
    }
    done += batch.length
    onProgress(done)
  }
  if (rotation.resealed > 0) await recordRotation(db, newest.id, rotation, now)
  return rotation
}

async function readBatch(db: Database, after: string | null | undefined) {
  const rows = await db
    .select({ id: authenticators.id, sealed: authenticators.sealedSecret })
    .from(authenticators)
    .where(and(isNotNull(authenticators.sealedSecret), after ? gt(authenticators.id, after) : undefined))
    .orderBy(asc(authenticators.id))
    .limit(BATCH)
  return rows.flatMap(({ id, sealed }) => (sealed ? [{ id, sealed }] : []))
}

async function reseal(
  db: Database,
  id: string,
  sealed: Buffer,
  keys: readonly EncryptionKey[],
): Promise<'resealed' | 'sealed-already' | 'unreadable'> {
  let secret: Buffer
  try {
    if (sealedWith(sealed) === keys[0]?.id) return 'sealed-already'
    secret = unseal(sealed, id, keys)
  } catch {
    return 'unreadable'
  }
  await db
    .update(authenticators)
    .set({ sealedSecret: seal(secret, id, keys) })
    .where(and(eq(authenticators.id, id), eq(authenticators.sealedSecret, sealed)))
    .prepare('reseal_secret')
    .execute()
  return 'resealed'
}

function recordRotation(db: Database, newestKey: string, { resealed, unreadable }: Rotation, at: Date) {
  return db.transaction((tx) =>
    record(tx, {
      at,
      action: 'encryption-keys.rotated',
      outcome: unreadable.length === 0 ? 'success' : 'failure',
      origin: NO_REQUEST,
      clientId: null,
      actorId: null,
      subjectId: null,
      details: { newestKey, resealed, unreadable: unreadable.length },
    }),
  )
}
