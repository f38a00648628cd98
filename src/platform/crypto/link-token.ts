// Tokens of mailed links. The database keeps a SHA-256 only, and jobs carry ids only; so that the worker can
// still write the link, the token is derived from the row's id with a key that never enters the database.
import { createHash, createHmac, hkdfSync } from 'node:crypto'
import type { EncryptionKey } from '../../config.ts'
import { DAY, MINUTE } from '../time/durations.ts'

/** How long a link works, if it is not used before. */
export const LINK_LIFE_MS = { invitation: 7 * DAY, 'password-reset': 30 * MINUTE } as const

export type LinkPurpose = keyof typeof LINK_LIFE_MS

/** The token of a new link (256 bit, base64url) and the hash to store. Made with the newest key. */
export function newLinkToken(purpose: LinkPurpose, rowId: string, keys: readonly EncryptionKey[]) {
  const [newest] = keys
  if (!newest) throw new Error('no encryption key is configured')
  const token = derive(purpose, rowId, newest)
  return { token, hash: hashToken(token) }
}

/** The same token again, whichever live key made it; null when that key is gone. */
export function linkToken(purpose: LinkPurpose, rowId: string, hash: Buffer, keys: readonly EncryptionKey[]) {
  return keys.map((key) => derive(purpose, rowId, key)).find((token) => hashToken(token).equals(hash)) ?? null
}

/** What is stored and looked up by: SHA-256. The token has 256 bit of its own, so no salt is needed. */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

function derive(purpose: LinkPurpose, rowId: string, key: EncryptionKey): string {
  const macKey = Buffer.from(hkdfSync('sha256', key.key, '', `portcullis link ${purpose}`, 32))
  return createHmac('sha256', macKey).update(rowId).digest('base64url')
}
