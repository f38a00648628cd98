import { eq } from 'drizzle-orm'
import type { Sql } from 'postgres'
import type { Reader } from '../platform/db/client.ts'
import { lockouts } from '../platform/db/schema/lockouts.ts'
import { type LockoutKey, readLockout, type StoredLockout } from './lockouts.queries.ts'
import type { LockoutState } from './policy.ts'

/** Applies a pure change to a stored lockout, and repeats it if another process changed the row meanwhile. */
export async function changeLockout(
  db: Reader,
  key: LockoutKey,
  now: Date,
  decide: (state: StoredLockout) => LockoutState,
): Promise<void> {
  for (;;) {
    const read = await readLockout(db, key)
    const next = decide(read)
    if (next === read || (await saveLockout(db, key, read, next, now))) return
  }
}

/** Stores the state that follows from the one read. One conditional statement: false if the row changed meanwhile. */
export async function saveLockout(
  db: Reader,
  key: LockoutKey,
  read: StoredLockout,
  next: LockoutState,
  now: Date,
): Promise<boolean> {
  const { consecutiveFailures, repeats, lockedAt, lockedUntil } = next
  const state = {
    failedAt: [...next.failedAt],
    pendingAt: [...next.pendingAt],
    consecutiveFailures,
    repeats,
    lockedAt,
    lockedUntil,
    version: read.version + 1,
    updatedAt: now,
  }
  const saved = await db
    .insert(lockouts)
    .values({ ...key, ...state })
    .onConflictDoUpdate({
      target: [lockouts.subject, lockouts.kind],
      set: state,
      setWhere: eq(lockouts.version, read.version),
    })
    .returning({ version: lockouts.version })
  return saved.length === 1
}

/** The SET list that stores `next`, for a statement that does more than that. */
export function lockoutSetting(sql: Sql, next: LockoutState, now: Date) {
  const { failedAt, pendingAt, consecutiveFailures, repeats, lockedAt, lockedUntil } = next
  return sql`
    failed_at = ${arrayText(failedAt)}, pending_at = ${arrayText(pendingAt)},
    consecutive_failures = ${consecutiveFailures}, repeats = ${repeats},
    locked_at = ${lockedAt?.toISOString() ?? null}, locked_until = ${lockedUntil?.toISOString() ?? null},
    version = version + 1, updated_at = ${now.toISOString()}`
}

function arrayText(instants: readonly Date[]): string {
  return `{${instants.map((at) => at.toISOString())}}`
}
