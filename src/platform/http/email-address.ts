// The canonical form of an e-mail address. Pure.

export const MAX_EMAIL_LENGTH = 254

/** Folds A to Z only, like the unique index on users. `toLowerCase` also turns the Kelvin sign U+212A into `k`. */
export function canonicalEmail(typed: string): string {
  return typed.trim().replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}
