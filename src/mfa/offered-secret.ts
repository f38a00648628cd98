// The secret of an enrolment that begins with a GET: a policy or role change moved an open session to it. A GET must
// not store a secret, so it is derived from this sign-in alone. Pure.
import { hkdfSync } from 'node:crypto'
import type { EncryptionKey } from '../config.ts'
import { SECRET_BYTES } from './totp.ts'

export interface SignIn {
  /** The id in the cookie: random, new at each sign-in, stored only as a hash. */
  cookieId: string
  userId: string
  passwordAt: number
}

/** 160 bits. RFC 6238 section 3, R6: keys are "randomly generated or derived using key derivation algorithms". */
export function offeredSecret(
  { cookieId, userId, passwordAt }: SignIn,
  keys: readonly EncryptionKey[],
): Buffer {
  const [newest] = keys
  if (!newest) throw new Error('no encryption key is configured')
  const purpose = `portcullis enrolment ${userId} ${passwordAt}`
  return Buffer.from(hkdfSync('sha256', newest.key, cookieId, purpose, SECRET_BYTES))
}
