// The one canonical form of an e-mail address: trimmed and case-folded, wherever one is typed or compared.

/** RFC 5321 allows no longer path; what is longer is nobody's address. */
export const MAX_EMAIL_LENGTH = 254

/** Whether it is an address is not asked. */
export function canonicalEmail(typed: string): string {
  return typed.trim().toLowerCase()
}
