// TOTP secrets at rest: AES-256-GCM with a key id, bound to the authenticator and its user.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { EncryptionKey } from '../../config.ts'
import { UnavailableError } from '../unavailable-error.ts'

const VERSION = 2
const BOUND_TO_AUTHENTICATOR_ONLY = 1
const IV_BYTES = 12
const TAG_BYTES = 16
const OPTIONS = { authTagLength: TAG_BYTES }

export class UnreadableSecretError extends UnavailableError {
  constructor(reason: string) {
    super(`A stored authenticator secret cannot be opened: ${reason}. Check ENCRYPTION_KEYS.`)
    this.name = 'UnreadableSecretError'
  }
}

export interface SecretOf {
  authenticatorId: string
  userId: string
}

/** Seals with the first key. Layout: version | length of key id | key id | iv | tag | body. */
export function seal(secret: Buffer, of: SecretOf, keys: readonly EncryptionKey[]): Buffer {
  const [newest] = keys
  if (!newest) throw new UnreadableSecretError('no key is configured')
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', newest.key, iv, OPTIONS)
  cipher.setAAD(associatedData(VERSION, newest.id, of))
  const body = Buffer.concat([cipher.update(secret), cipher.final()])
  const keyId = Buffer.from(newest.id)
  return Buffer.concat([Buffer.of(VERSION, keyId.length), keyId, iv, cipher.getAuthTag(), body])
}

/** Throws UnreadableSecretError, which is answered 503. It must never count as 'no MFA'. */
export function unseal(sealed: Buffer, of: SecretOf, keys: readonly EncryptionKey[]): Buffer {
  const { version, keyId } = sealOf(sealed)
  const key = keys.find(({ id }) => id === keyId)
  if (!key) throw new UnreadableSecretError(`key '${keyId}' is not configured`)
  const ivAt = 2 + Buffer.byteLength(keyId)
  const tagAt = ivAt + IV_BYTES
  const bodyAt = tagAt + TAG_BYTES
  try {
    const decipher = createDecipheriv('aes-256-gcm', key.key, sealed.subarray(ivAt, tagAt), OPTIONS)
    decipher.setAAD(associatedData(version, keyId, of))
    decipher.setAuthTag(sealed.subarray(tagAt, bodyAt))
    return Buffer.concat([decipher.update(sealed.subarray(bodyAt)), decipher.final()])
  } catch {
    throw new UnreadableSecretError('its seal does not match')
  }
}

/** Whether `seal` would use the same key and version. Does not verify the seal. */
export function isCurrentSeal(sealed: Buffer, { id }: EncryptionKey): boolean {
  const { version, keyId } = sealOf(sealed)
  return version === VERSION && keyId === id
}

function sealOf(sealed: Buffer): { version: number; keyId: string } {
  const [version = 0, length = 0] = sealed
  if (version !== VERSION && version !== BOUND_TO_AUTHENTICATOR_ONLY)
    throw new UnreadableSecretError(`version ${version} is unknown`)
  return { version, keyId: sealed.subarray(2, 2 + length).toString() }
}

function associatedData(version: number, keyId: string, { authenticatorId, userId }: SecretOf): Buffer {
  const bound = [keyId, authenticatorId]
  return Buffer.from((version === BOUND_TO_AUTHENTICATOR_ONLY ? bound : [...bound, userId]).join(':'))
}
