import { and, eq } from 'drizzle-orm'
import { v5 as nameBasedUuid } from 'uuid'
import type { Reader } from '../platform/db/client.ts'
import { lockouts } from '../platform/db/schema/lockouts.ts'
import { type LockoutState, NO_FAILURES } from './policy.ts'

export type LockoutKind = 'password' | 'code'

export interface LockoutKey {
  /** A user's id, or `subjectOfUnknown(email)`. */
  subject: string
  kind: LockoutKind
}

/** A state with the version that its change is conditional on. Version 0: nothing is stored. */
export interface StoredLockout extends LockoutState {
  version: number
}

export const NEVER_FAILED: StoredLockout = { ...NO_FAILURES, version: 0 }

const UNKNOWN_ADDRESSES = '0e6e4bb5-3b8f-4f0b-9a52-5f3c3c2ad0ad'

/** An address without a user is counted and locked like any other, so that the answer does not tell. */
export function subjectOfUnknown(canonicalEmail: string): string {
  return nameBasedUuid(canonicalEmail, UNKNOWN_ADDRESSES)
}

export const lockoutColumns = {
  failedAt: lockouts.failedAt,
  pendingAt: lockouts.pendingAt,
  consecutiveFailures: lockouts.consecutiveFailures,
  repeats: lockouts.repeats,
  lockedAt: lockouts.lockedAt,
  lockedUntil: lockouts.lockedUntil,
  version: lockouts.version,
}

export async function readLockout(db: Reader, { subject, kind }: LockoutKey): Promise<StoredLockout> {
  const [row] = await db
    .select(lockoutColumns)
    .from(lockouts)
    .where(and(eq(lockouts.subject, subject), eq(lockouts.kind, kind)))
  return row ?? NEVER_FAILED
}
