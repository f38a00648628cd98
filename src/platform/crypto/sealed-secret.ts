// Secrets at rest: AES-256-GCM with a key id, bound to what they belong to.
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
    super(`A stored secret cannot be opened: ${reason}. Check ENCRYPTION_KEYS.`)
    this.name = 'UnreadableSecretError'
  }
}

/** What a secret belongs to. It opens for nothing else. */
export type SecretOf = { authenticatorId: string; userId: string } | { signingKey: string }

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

/**
 * Seals a stored secret with the first key. It is opened in any case, since two keys may have had one name. Null if no
 * key opens it; the same buffer if it is sealed so already.
 */
export function reseal(sealed: Buffer, of: SecretOf, keys: readonly EncryptionKey[]): Buffer | null {
  let secret: Buffer
  try {
    secret = unseal(sealed, of, keys)
  } catch {
    return null
  }
  const { version, keyId } = sealOf(sealed)
  return version === VERSION && keyId === keys[0]?.id ? sealed : seal(secret, of, keys)
}

function sealOf(sealed: Buffer): { version: number; keyId: string } {
  const [version = 0, length = 0] = sealed
  if (version !== VERSION && version !== BOUND_TO_AUTHENTICATOR_ONLY)
    throw new UnreadableSecretError(`version ${version} is unknown`)
  return { version, keyId: sealed.subarray(2, 2 + length).toString() }
}

function associatedData(version: number, keyId: string, of: SecretOf): Buffer {
  return Buffer.from([keyId, ...ownersOf(version, of)].join(':'))
}

/** An authenticator's id is a UUID, so no seal of an authenticator is one of a signing key. */
function ownersOf(version: number, of: SecretOf): string[] {
  if (version === VERSION)
    return 'signingKey' in of ? ['signing-key', of.signingKey] : [of.authenticatorId, of.userId]
  if ('signingKey' in of) throw new UnreadableSecretError(`version ${version} is not of signing keys`)
  return [of.authenticatorId]
}
