import { sql } from 'drizzle-orm'
import type { JWK } from 'jose'
import type { EncryptionKey } from '../config.ts'
import { unseal } from '../platform/crypto/sealed-secret.ts'
import type { Reader } from '../platform/db/client.ts'
import { preparedOnce } from '../platform/db/prepared-once.ts'
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

const kids = sql<string>`coalesce(string_agg(${signingKeys.kid}, ' ' order by ${signingKeys.kid}), '')`

/** The names of all keys in one text, which every rotation changes: a column of another query. */
export const kidsColumn = sql<string>`(select ${kids} from ${signingKeys})`

/** The same by itself. */
export async function readKids(db: Reader): Promise<string> {
  const [row] = await kidsQuery(db).execute()
  if (!row) throw new Error('an aggregate is always a row')
  return row.kids
}

const kidsQuery = preparedOnce((db) => db.select({ kids }).from(signingKeys).prepare('signing_kids'))
