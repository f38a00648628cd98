import { and, count, desc, eq, gt, gte, sql } from 'drizzle-orm'
import type { LockoutKind } from '../lockout/lockouts.queries.ts'
import type { Reader } from '../platform/db/client.ts'
import { knownBrowsers } from '../platform/db/schema/known-browsers.ts'
import { addressLimits, lockouts } from '../platform/db/schema/lockouts.ts'
import { users } from '../platform/db/schema/users.ts'

const SHOWN = 50

export interface LocksInForce {
  password: number
  code: number
  addresses: number
  /** The locks that last longest. Unknown subjects stand for e-mail addresses without a user. */
  longest: { subject: string; of: 'user' | 'known-browser' | 'unknown'; kind: LockoutKind; until: Date }[]
}

/** `addressAttempts`: the failures that lock a network address. */
export async function readLocks(db: Reader, now: Date, addressAttempts: number): Promise<LocksInForce> {
  const inForce = gt(lockouts.lockedUntil, now)
  const counts = await db
    .select({ kind: lockouts.kind, count: count() })
    .from(lockouts)
    .where(inForce)
    .groupBy(lockouts.kind)
  const longest = await db
    .select({
      subject: lockouts.subject,
      of: sql<'user' | 'known-browser' | 'unknown'>`case
        when ${users.id} is not null then 'user'
        when ${knownBrowsers.id} is not null then 'known-browser'
        else 'unknown' end`,
      kind: lockouts.kind,
      until: lockouts.lockedUntil,
    })
    .from(lockouts)
    .leftJoin(users, eq(users.id, lockouts.subject))
    .leftJoin(knownBrowsers, eq(knownBrowsers.id, lockouts.subject))
    .where(inForce)
    .orderBy(desc(lockouts.lockedUntil))
    .limit(SHOWN)
  const addresses = await db.$count(
    addressLimits,
    and(gt(addressLimits.endsAt, now), gte(addressLimits.failures, addressAttempts)),
  )
  const countOf = (kind: LockoutKind) => counts.find((row) => row.kind === kind)?.count ?? 0
  return {
    password: countOf('password'),
    code: countOf('code'),
    addresses,
    longest: longest.flatMap(({ until, ...lock }) => (until ? [{ ...lock, until }] : [])),
  }
}
