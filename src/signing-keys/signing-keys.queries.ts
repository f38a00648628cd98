import type { JWK } from 'jose'
import type { EncryptionKey } from '../config.ts'
import { unseal } from '../platform/crypto/sealed-secret.ts'
import type { Reader } from '../platform/db/client.ts'
import { signingKeys } from '../platform/db/schema/signing-keys.ts'
import { inSigningOrder, type PlannedKey } from './plan-rotation.ts'

export interface SigningKey extends PlannedKey {
  /** Has `kid`, `alg` and `use`. Publish it without its private members. */
  privateJwk: JWK & { kid: string }
}

/**
 * The published keys: the first one of an algorithm signs now. Empty until the first keys are made. Throws
 * UnreadableSecretError if a key does not open.
 */
export async function readSigningKeys(
  db: Reader,
  encryptionKeys: readonly EncryptionKey[],
  now: Date,
): Promise<SigningKey[]> {
  const rows = await db.select().from(signingKeys)
  return inSigningOrder(rows, now).map(({ kid, alg, signsFrom, leavesAt, sealed }) => ({
    kid,
    alg,
    signsFrom,
    leavesAt,
    privateJwk: JSON.parse(unseal(sealed, { signingKey: kid }, encryptionKeys).toString()),
  }))
}
