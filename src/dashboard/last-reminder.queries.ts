import { and, desc, eq, gt } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { auditEvents } from '../platform/db/schema/audit-events.ts'
import { DAY } from '../platform/time/durations.ts'

/** When everyone who must still set up MFA was last reminded; null if not within a day. */
export async function readLastReminder(db: Reader, clientId: string, now: Date): Promise<Date | null> {
  const [event] = await db
    .select({ at: auditEvents.at })
    .from(auditEvents)
    .where(
      and(
        eq(auditEvents.clientId, clientId),
        eq(auditEvents.action, 'mfa.reminded'),
        eq(auditEvents.outcome, 'success'),
        gt(auditEvents.at, new Date(now.getTime() - DAY)),
      ),
    )
    .orderBy(desc(auditEvents.at), desc(auditEvents.id))
    .limit(1)
  return event?.at ?? null
}
