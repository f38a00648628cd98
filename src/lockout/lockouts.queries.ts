import { and, eq, sql } from 'drizzle-orm'
import { v5 as nameBasedUuid } from 'uuid'
import type { Reader } from '../platform/db/client.ts'
import { preparedOnce } from '../platform/db/prepared-once.ts'
import { lockouts } from '../platform/db/schema/lockouts.ts'
import { type LockoutState, NO_FAILURES } from './policy.ts'

export type LockoutKind = 'password' | 'code'

export interface LockoutKey {
  /** A user's id, or `subjectOfUnknown(email)`. */
  subject: string
  kind: LockoutKind
}

/** A state as read, with the version that its change is conditional on. Version 0: nothing stored yet. */
export interface StoredLockout extends LockoutState {
  version: number
}

export const NEVER_FAILED: StoredLockout = { ...NO_FAILURES, version: 0 }

const UNKNOWN_ADDRESSES = '0e6e4bb5-3b8f-4f0b-9a52-5f3c3c2ad0ad'

/** An e-mail address nobody has is counted and locked like one somebody has, under an id made from it. */
export function subjectOfUnknown(canonicalEmail: string): string {
  return nameBasedUuid(canonicalEmail, UNKNOWN_ADDRESSES)
}

/** The columns a StoredLockout is made of. */
export const lockoutColumns = {
  failedAt: lockouts.failedAt,
  pendingAt: lockouts.pendingAt,
  consecutiveFailures: lockouts.consecutiveFailures,
  repeats: lockouts.repeats,
  lockedAt: lockouts.lockedAt,
  lockedUntil: lockouts.lockedUntil,
  version: lockouts.version,
}

const lockoutQuery = preparedOnce((db) =>
  db
    .select(lockoutColumns)
    .from(lockouts)
    .where(and(eq(lockouts.subject, sql.placeholder('subject')), eq(lockouts.kind, sql.placeholder('kind'))))
    .prepare('read_lockout'),
)

/** What was counted and locked so far; where there is no row, nothing. */
export async function readLockout(db: Reader, key: LockoutKey): Promise<StoredLockout> {
  const [row] = await lockoutQuery(db).execute({ ...key })
  return row ?? NEVER_FAILED
}
