// TOTP secrets at rest: AES-256-GCM with a key id, bound to the authenticator they belong to.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { EncryptionKey } from '../config.ts'
import { UnavailableError } from '../unavailable-error.ts'

const VERSION = 1
const IV_BYTES = 12
const TAG_BYTES = 16
const OPTIONS = { authTagLength: TAG_BYTES }

/** Thrown when a sealed secret cannot be opened: key not configured, bytes changed, or moved to another row. */
export class UnreadableSecretError extends UnavailableError {
  constructor(reason: string) {
    super(`A stored authenticator secret cannot be opened: ${reason}. Check ENCRYPTION_KEYS.`)
    this.name = 'UnreadableSecretError'
  }
}

/** Seals with the first key. Layout: version | length of key id | key id | iv | tag | body. */
export function seal(secret: Buffer, authenticatorId: string, keys: readonly EncryptionKey[]): Buffer {
  const [newest] = keys
  if (!newest) throw new UnreadableSecretError('no key is configured')
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', newest.key, iv, OPTIONS)
  cipher.setAAD(associatedData(newest.id, authenticatorId))
  const body = Buffer.concat([cipher.update(secret), cipher.final()])
  const keyId = Buffer.from(newest.id)
  return Buffer.concat([Buffer.of(VERSION, keyId.length), keyId, iv, cipher.getAuthTag(), body])
}

/** Opens with the key it names. Throws UnreadableSecretError; the caller answers 503, never 'no MFA'. */
export function unseal(sealed: Buffer, authenticatorId: string, keys: readonly EncryptionKey[]): Buffer {
  const keyId = sealedWith(sealed)
  const key = keys.find(({ id }) => id === keyId)
  if (!key) throw new UnreadableSecretError(`key '${keyId}' is not configured`)
  const ivAt = 2 + Buffer.byteLength(keyId)
  const tagAt = ivAt + IV_BYTES
  const bodyAt = tagAt + TAG_BYTES
  try {
    const decipher = createDecipheriv('aes-256-gcm', key.key, sealed.subarray(ivAt, tagAt), OPTIONS)
    decipher.setAAD(associatedData(keyId, authenticatorId))
    decipher.setAuthTag(sealed.subarray(tagAt, bodyAt))
    return Buffer.concat([decipher.update(sealed.subarray(bodyAt)), decipher.final()])
  } catch {
    throw new UnreadableSecretError('its seal does not match')
  }
}

/** The id of the key a secret is sealed with. */
export function sealedWith(sealed: Buffer): string {
  if (sealed[0] !== VERSION) throw new UnreadableSecretError(`version ${sealed[0]} is unknown`)
  return sealed.subarray(2, 2 + (sealed[1] ?? 0)).toString()
}

function associatedData(keyId: string, authenticatorId: string): Buffer {
  return Buffer.from(`${keyId}:${authenticatorId}`)
}
