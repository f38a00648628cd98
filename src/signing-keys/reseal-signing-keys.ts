import { and, eq } from 'drizzle-orm'
import type { EncryptionKey } from '../config.ts'
import { BY_THE_PRODUCT, record } from '../platform/audit/record.ts'
import { reseal } from '../platform/crypto/sealed-secret.ts'
import type { Database } from '../platform/db/client.ts'
import { signingKeys } from '../platform/db/schema/signing-keys.ts'

export interface Resealing {
  resealed: number
  /** The `kid` of keys that no encryption key opens; they stay as they are. */
  unreadable: string[]
}

/** Seals every signing key with the newest encryption key. */
export function resealSigningKeys(
  db: Database,
  encryptionKeys: readonly EncryptionKey[],
  now: Date,
): Promise<Resealing> {
  return db.transaction(async (tx) => {
    const done: Resealing = { resealed: 0, unreadable: [] }
    for (const { kid, sealed } of await tx.select().from(signingKeys)) {
      const resealed = reseal(sealed, { signingKey: kid }, encryptionKeys)
      if (resealed === null) done.unreadable.push(kid)
      else if (resealed !== sealed) {
        const unchanged = and(eq(signingKeys.kid, kid), eq(signingKeys.sealed, sealed))
        await tx.update(signingKeys).set({ sealed: resealed }).where(unchanged)
        done.resealed += 1
      }
    }
    const unreadable = done.unreadable.length
    if (done.resealed > 0)
      await record(tx, {
        ...BY_THE_PRODUCT,
        at: now,
        action: 'encryption-keys.rotated',
        outcome: unreadable === 0 ? 'success' : 'failure',
        details: {
          newestKey: encryptionKeys[0]?.id,
          of: 'signing-keys',
          resealed: done.resealed,
          unreadable,
        },
      })
    return done
  })
}
