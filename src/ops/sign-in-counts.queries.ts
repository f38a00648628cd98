import { and, gte, lt, sql } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { signInCounts } from '../platform/db/schema/operations.ts'
import { SECOND } from '../platform/time/durations.ts'
import { endOf, type Period, type SlotCount } from './sign-in-charts.ts'

/** The sign-ins of each slot of a period. Rows are per minute, so their number does not grow with the installation. */
export function readSignInCounts(db: Reader, period: Period): Promise<SlotCount[]> {
  const slot = sql<number>`floor(extract(epoch from ${signInCounts.minute} - ${period.start.toISOString()}::timestamptz) * ${SECOND} / ${period.slotMs})::int`
  return db
    .select({ slot, kind: signInCounts.kind, events: sql<number>`sum(${signInCounts.events})::int` })
    .from(signInCounts)
    .where(and(gte(signInCounts.minute, period.start), lt(signInCounts.minute, endOf(period))))
    .groupBy(sql`1`, signInCounts.kind)
}
