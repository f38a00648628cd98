import { and, sql } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { auditEvents } from '../platform/db/schema/audit-events.ts'
import type { EventRow } from './event-sentence.ts'
import { readEvents } from './events.queries.ts'

const SHOWN = 50

/**
 * The newest acts of all accounts that carry this ticket, in any letter case. Only for those who may see every account.
 */
export async function readEventsOfTicket(
  db: Reader,
  ticket: string,
): Promise<{ events: EventRow[]; more: boolean }> {
  const isOfTicket = and(
    sql`${auditEvents.details} ? 'ticket'`,
    sql`lower(${auditEvents.details} ->> 'ticket') = lower(${ticket})`,
  )
  const events = await readEvents(db, isOfTicket, SHOWN + 1)
  return { events: events.slice(0, SHOWN), more: events.length > SHOWN }
}
