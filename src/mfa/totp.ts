// TOTP (RFC 6238): SHA-1, six digits, steps of 30 seconds, one step of drift either way. Pure.
import { Secret, TOTP } from 'otpauth'

export const PERIOD_SECONDS = 30
const DIGITS = 6
const DRIFT_STEPS = 1
/** RFC 4226 section 4, R6: 160 bit recommended. */
export const SECRET_BYTES = 20

export function newSecret(): Buffer {
  return Buffer.from(new Secret({ size: SECRET_BYTES }).bytes)
}

/** Base32 in groups of four, to type instead of scanning. */
export function manualKey(secret: Buffer): string {
  return secretOf(secret).base32.replace(/(.{4})(?=.)/g, '$1 ')
}

/** The `otpauth://` link. A colon separates issuer and label, so the issuer has none. */
export function provisioningUri(secret: Buffer, issuer: string, label: string): string {
  return totpOf(secret, issuer.replaceAll(':', ' '), label).toString()
}

/** The time step (30 s each since 1970) that `at` lies in. RFC 6238 section 4.2. */
export function timeStep(at: Date): number {
  return Math.floor(at.getTime() / 1000 / PERIOD_SECONDS)
}

/** The step whose code this is, among the present one and its neighbours; null if none. In constant time. */
export function matchingStep(secret: Buffer, code: string, now: Date): number | null {
  // The library throws on full-width digits.
  if (!/^[0-9]{6}$/.test(code)) return null
  const delta = TOTP.validate({
    token: code,
    secret: secretOf(secret),
    algorithm: 'SHA1',
    digits: DIGITS,
    period: PERIOD_SECONDS,
    timestamp: now.getTime(),
    window: DRIFT_STEPS,
  })
  return delta === null ? null : timeStep(now) + delta
}

/** Whole seconds until a code after `lastStep` is shown; 0 if one is shown now. */
export function secondsUntilNextCode(lastStep: number, now: Date): number {
  const nextAt = (lastStep + 1) * PERIOD_SECONDS * 1000
  return Math.max(0, Math.ceil((nextAt - now.getTime()) / 1000))
}

function totpOf(secret: Buffer, issuer: string, label: string): TOTP {
  return new TOTP({
    issuer,
    label,
    algorithm: 'SHA1',
    digits: DIGITS,
    period: PERIOD_SECONDS,
    secret: secretOf(secret),
  })
}

function secretOf(bytes: Buffer): Secret {
  return new Secret({ buffer: new Uint8Array(bytes).buffer })
}
