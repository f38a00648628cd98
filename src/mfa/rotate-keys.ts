import { and, asc, eq, gt, isNotNull, sql } from 'drizzle-orm'
import type { EncryptionKey } from '../config.ts'
import { BY_THE_PRODUCT, record } from '../platform/audit/record.ts'
import { isCurrentSeal, type SecretOf, seal, unseal } from '../platform/crypto/sealed-secret.ts'
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

/** Seals every secret with the newest key. Every secret is opened, since two keys may have had one name. */
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
      const outcome = await reseal(db, stored, keys, newest)
      if (outcome === 'resealed') rotation.resealed += 1
      if (outcome === 'unreadable') rotation.unreadable.push(stored.authenticatorId)
    }
    done += batch.length
    onProgress(done)
  }
  if (rotation.resealed > 0) await recordRotation(db, newest.id, rotation, now)
  return rotation
}

interface StoredSecret extends SecretOf {
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

async function reseal(
  db: Database,
  { sealed, ...of }: StoredSecret,
  keys: readonly EncryptionKey[],
  newest: EncryptionKey,
): Promise<'resealed' | 'sealed-already' | 'unreadable'> {
  let secret: Buffer
  try {
    secret = unseal(sealed, of, keys)
  } catch {
    return 'unreadable'
  }
  if (isCurrentSeal(sealed, newest)) return 'sealed-already'
  const { id, userId, sealedSecret } = authenticators
  await db
    .update(authenticators)
    .set({ sealedSecret: seal(secret, of, keys) })
    .where(and(eq(id, of.authenticatorId), eq(userId, of.userId), eq(sealedSecret, sealed)))
  return 'resealed'
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
