// Tokens of mailed links. The database stores their SHA-256 and jobs carry ids. The worker derives the token from the
// row's id with a key that is not in the database. Pure.
import { createHash, createHmac, hkdfSync } from 'node:crypto'
import type { EncryptionKey } from '../../config.ts'
import { DAY, MINUTE } from '../time/durations.ts'

export const LINK_LIFE_MS = {
  invitation: 7 * DAY,
  'password-reset': 30 * MINUTE,
  'email-change': DAY,
} as const

export type LinkPurpose = keyof typeof LINK_LIFE_MS

export function newLinkToken(purpose: LinkPurpose, rowId: string, keys: readonly EncryptionKey[]) {
  const [newest] = keys
  if (!newest) throw new Error('no encryption key is configured')
  const token = derive(purpose, rowId, newest)
  return { token, hash: hashToken(token) }
}

/** Derives the token again. Null if its key is no longer configured. */
export function linkToken(purpose: LinkPurpose, rowId: string, hash: Buffer, keys: readonly EncryptionKey[]) {
  return keys.map((key) => derive(purpose, rowId, key)).find((token) => hashToken(token).equals(hash)) ?? null
}

/** SHA-256. No salt, because the token has 256 bit of entropy. */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

function derive(purpose: LinkPurpose, rowId: string, key: EncryptionKey): string {
  const macKey = Buffer.from(hkdfSync('sha256', key.key, '', `portcullis link ${purpose}`, 32))
  return createHmac('sha256', macKey).update(rowId).digest('base64url')
}
