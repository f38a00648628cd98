import { and, gte, lt, sql } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { signInCounts } from '../platform/db/schema/operations.ts'
import { SECOND } from '../platform/time/durations.ts'
import { endOf, type SlotCount, type Span } from './sign-in-charts.ts'

/** The sign-ins of each slot of a span. Rows are per minute, so their number does not grow with the installation. */
export function readSignInCounts(db: Reader, span: Span): Promise<SlotCount[]> {
  const slot = sql<number>`floor(extract(epoch from ${signInCounts.minute} - ${span.start.toISOString()}::timestamptz) * ${SECOND} / ${span.slotMs})::int`
  return db
    .select({ slot, kind: signInCounts.kind, events: sql<number>`sum(${signInCounts.events})::int` })
    .from(signInCounts)
    .where(and(gte(signInCounts.minute, span.start), lt(signInCounts.minute, endOf(span))))
    .groupBy(sql`1`, signInCounts.kind)
}
