// TOTP written anew from RFC 6238 and RFC 4226 with node:crypto alone: the tests' own authenticator app shares
// no code with the product.
import { createHmac } from 'node:crypto'

/** HOTP, RFC 4226 section 5.3. */
export function hotp(secret: Buffer, counter: number, digits = 6): string {
  const message = Buffer.alloc(8)
  message.writeBigUInt64BE(BigInt(counter))
  const mac = createHmac('sha1', secret).update(message).digest()
  const offset = mac.readUInt8(mac.length - 1) & 0x0f
  const truncated = mac.readUInt32BE(offset) & 0x7fffffff
  return String(truncated % 10 ** digits).padStart(digits, '0')
}

/** TOTP, RFC 6238 section 4: the code shown at `at`, `drift` steps of 30 seconds away from it. */
export function totp(secret: Buffer, at: Date, { drift = 0, digits = 6 } = {}): string {
  return hotp(secret, Math.floor(at.getTime() / 30_000) + drift, digits)
}

/** RFC 4648 base32, as authenticator apps read typed keys. */
export function base32Decode(text: string): Buffer {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = [...text.replace(/[\s=]/g, '').toUpperCase()]
    .map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0'))
    .join('')
  const bytes = bits.match(/.{8}/g) ?? []
  return Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2)))
}
