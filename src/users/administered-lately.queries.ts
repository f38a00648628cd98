import { and, eq, exists, or, sql } from 'drizzle-orm'
import { TIE_LIFE_MS } from '../access/makers.ts'
import { happenedSince } from '../platform/audit/happened-since.queries.ts'
import type { Reader } from '../platform/db/client.ts'
import { auditEvents } from '../platform/db/schema/audit-events.ts'
import { roleGroups } from '../platform/db/schema/role-groups.ts'

/** Whether a role group that administers was taken from a user in the last 30 days: one agent can do that alone. */
export function administeredLately(db: Reader, userId: string, now: Date): Promise<boolean> {
  const administering = db
    .select()
    .from(roleGroups)
    .where(
      and(
        or(roleGroups.isAdmin, roleGroups.isServiceDesk, roleGroups.isOperator),
        sql`strpos(${auditEvents.details} ->> 'taken', ${roleGroups.name}) > 0`,
      ),
    )
  const wasTaken = and(eq(auditEvents.subjectId, userId), exists(administering))
  const since = new Date(now.getTime() - TIE_LIFE_MS)
  return happenedSince(db, 'user.role-groups-changed', wasTaken, since)
}
