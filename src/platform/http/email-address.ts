// The one canonical form of an e-mail address: trimmed, A to Z folded, wherever one is typed or compared. Pure.

/** RFC 5321 allows no longer path; what is longer is nobody's address. */
export const MAX_EMAIL_LENGTH = 254

/**
 * Folds ASCII letters only, as the unique index on users does: `toLowerCase` makes a `k` of the Kelvin sign U+212A, and
 * two spellings that look alike would name one account. Does not check that it is an address.
 */
export function canonicalEmail(typed: string): string {
  return typed.trim().replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}
