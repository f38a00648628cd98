import type { SQL } from 'drizzle-orm'

/** What becomes of an authenticator that nobody is to use again: revoked, and nothing left of its secret. */
export function shredded(now: Date | SQL) {
  return { status: 'revoked', revokedAt: now, sealedSecret: null } as const
}
