import { sql } from 'drizzle-orm'
import type { Sql } from 'postgres'
import type { Reader } from '../platform/db/client.ts'
import { asIs, preparedOnce } from '../platform/db/prepared-once.ts'
import { lockouts } from '../platform/db/schema/lockouts.ts'
import type { LockoutKey, StoredLockout } from './lockouts.queries.ts'
import type { LockoutState } from './policy.ts'

const saveQuery = preparedOnce((db) =>
  db
    .insert(lockouts)
    .values({
      subject: asIs('subject'),
      kind: asIs('kind'),
      failedAt: asIs('failedAt'),
      pendingAt: asIs('pendingAt'),
      consecutiveFailures: asIs('consecutiveFailures'),
      repeats: asIs('repeats'),
      lockedAt: asIs('lockedAt'),
      lockedUntil: asIs('lockedUntil'),
      version: asIs('version'),
      updatedAt: asIs('updatedAt'),
    })
    .onConflictDoUpdate({
      target: [lockouts.subject, lockouts.kind],
      set: {
        failedAt: sql`excluded.failed_at`,
        pendingAt: sql`excluded.pending_at`,
        consecutiveFailures: sql`excluded.consecutive_failures`,
        repeats: sql`excluded.repeats`,
        lockedAt: sql`excluded.locked_at`,
        lockedUntil: sql`excluded.locked_until`,
        version: sql`excluded.version`,
        updatedAt: sql`excluded.updated_at`,
      },
      setWhere: sql`${lockouts.version} = excluded.version - 1`,
    })
    .returning({ version: lockouts.version })
    .prepare('save_lockout'),
)

/**
 * Stores the state that follows from the one read. False if somebody else changed it meanwhile: read again.
 * One statement, so parallel attempts are spent one after the other, in every process.
 */
export async function saveLockout(
  db: Reader,
  key: LockoutKey,
  read: StoredLockout,
  next: LockoutState,
  now: Date,
): Promise<boolean> {
  const values = { ...key, ...asStored(next), version: read.version + 1, updatedAt: now.toISOString() }
  return (await saveQuery(db).execute(values)).length === 1
}

/** What an UPDATE of `lockouts` sets to store `next`: for a statement that does more than that. */
export function lockoutSetting(sql: Sql, next: LockoutState, now: Date) {
  const { failedAt, pendingAt, consecutiveFailures, repeats, lockedAt, lockedUntil } = asStored(next)
  return sql`
    failed_at = ${failedAt}, pending_at = ${pendingAt}, consecutive_failures = ${consecutiveFailures}, repeats = ${repeats},
    locked_at = ${lockedAt}, locked_until = ${lockedUntil}, version = version + 1, updated_at = ${now.toISOString()}`
}

/** Times as PostgreSQL reads them. */
function asStored(state: LockoutState) {
  const { failedAt, pendingAt, consecutiveFailures, repeats, lockedAt, lockedUntil } = state
  return {
    failedAt: arrayText(failedAt),
    pendingAt: arrayText(pendingAt),
    consecutiveFailures,
    repeats,
    lockedAt: lockedAt?.toISOString() ?? null,
    lockedUntil: lockedUntil?.toISOString() ?? null,
  }
}

function arrayText(instants: readonly Date[]): string {
  return `{${instants.map((at) => at.toISOString())}}`
}
