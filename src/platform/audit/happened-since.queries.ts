import { and, eq, gt, type SQL } from 'drizzle-orm'
import type { Reader } from '../db/client.ts'
import { auditEvents } from '../db/schema/audit-events.ts'
import type { AuditAction } from './actions.ts'

/** Whether an action on `concerned` has succeeded later than `since`. */
export async function happenedSince(
  db: Reader,
  action: AuditAction,
  concerned: SQL | undefined,
  since: Date,
): Promise<boolean> {
  const events = and(
    concerned,
    eq(auditEvents.action, action),
    eq(auditEvents.outcome, 'success'),
    gt(auditEvents.at, since),
  )
  return (await db.$count(auditEvents, events)) > 0
}
