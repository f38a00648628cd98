import { sql } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { auditEvents } from '../platform/db/schema/audit-events.ts'
import { mfaResets } from '../platform/db/schema/mfa-resets.ts'

/** Counting stops here, so that an attack does not make the page slow. */
export const COUNTED_A_DAY = 1000

export interface DayOfActivity {
  start: Date
  failedSignIns: number
  mfaResets: number
}

/** Counts by day; the days begin at `starts`, and the last ends at `now`. */
export async function readActivity(
  db: Reader,
  clientId: string,
  starts: readonly Date[],
  now: Date,
): Promise<DayOfActivity[]> {
  const bounds = [...starts, new Date(now.getTime() + 1)].map((start) => start.toISOString()).join(',')
  const days = sql`(
    select bound as begins, lead(bound) over (order by bound) as ends
    from unnest(string_to_array(${bounds}, ',')::timestamptz[]) as bound
  ) days`
  const rows = await db
    .select({
      failedSignIns: countOnDay(sql`
        from ${auditEvents} where ${auditEvents.clientId} = ${clientId} and ${auditEvents.outcome} = 'failure'
          and ${auditEvents.action} in ('sign-in.password', 'sign-in.code')
          and ${auditEvents.at} >= begins and ${auditEvents.at} < ends`),
      mfaResets: countOnDay(sql`
        from ${mfaResets} where ${mfaResets.clientId} = ${clientId}
          and ${mfaResets.requestedAt} >= begins and ${mfaResets.requestedAt} < ends`),
    })
    .from(days)
    .where(sql`ends is not null`)
    .orderBy(sql`begins`)
  return rows.flatMap((row, index) => {
    const start = starts[index]
    return start ? [{ start, ...row }] : []
  })
}

function countOnDay(from: ReturnType<typeof sql>) {
  return sql<number>`(select count(*)::int from (select 1 ${from} limit ${sql.raw(String(COUNTED_A_DAY))}) counted)`
}
