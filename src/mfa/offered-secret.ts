// The secret that a browser is shown where enrolment begins without a form: a policy or role change stopped a session
// that was open. A GET must not store one, so it is derived from what only this sign-in has. Pure.
import { hkdfSync } from 'node:crypto'
import type { EncryptionKey } from '../config.ts'
import { SECRET_BYTES } from './totp.ts'

/** What makes a sign-in unlike any other. */
export interface SignIn {
  /** The id in the cookie: random, made anew at each sign-in, stored as a hash only. */
  cookieId: string
  userId: string
  /** Milliseconds since 1970. */
  passwordAt: number
}

/**
 * The same 160 bits for one sign-in, other ones for the next. RFC 6238 section 3, R6: keys are "randomly generated or
 * derived using key derivation algorithms".
 */
export function offeredSecret(
  { cookieId, userId, passwordAt }: SignIn,
  keys: readonly EncryptionKey[],
): Buffer {
  const [newest] = keys
  if (!newest) throw new Error('no encryption key is configured')
  const purpose = `portcullis enrolment ${userId} ${passwordAt}`
  return Buffer.from(hkdfSync('sha256', newest.key, cookieId, purpose, SECRET_BYTES))
}
