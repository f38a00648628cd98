import { and, eq, lt } from 'drizzle-orm'
import { withinSubtree } from '../clients/hierarchy.queries.ts'
import type { Reader } from '../db/client.ts'
import { auditEvents } from '../db/schema/audit-events.ts'
import type { Person } from '../gate/facts.ts'
import { type EventRow, readEvents } from './events.queries.ts'

const PAGE_SIZE = 50

export interface AuditFilters {
  /** An action's name; empty for all. */
  action: string
  after: string
}

export interface AuditPage {
  events: EventRow[]
  /** Where the next page begins; null: there is none. */
  next: string | null
}

/**
 * A page of an account's audit events, newest first. Whoever tried something on somebody of an account that is
 * none of the viewer's business is on record, but not on whom: that name is left out.
 */
export async function readAuditPage(
  db: Reader,
  clientId: string,
  { action, after }: AuditFilters,
  viewer: { person: Person; seesAll: boolean },
): Promise<AuditPage> {
  const found = await readEvents(
    db,
    and(
      eq(auditEvents.clientId, clientId),
      action === '' ? undefined : eq(auditEvents.action, action),
      after === '' ? undefined : lt(auditEvents.id, after),
    ),
    PAGE_SIZE + 1,
  )
  const page = found.slice(0, PAGE_SIZE)
  const events = viewer.seesAll ? page : await withoutForeignNames(db, viewer.person.clientId, clientId, page)
  return { events, next: found.length > PAGE_SIZE ? (page.at(-1)?.id ?? null) : null }
}

async function withoutForeignNames(
  db: Reader,
  ownId: string,
  clientId: string,
  events: EventRow[],
): Promise<EventRow[]> {
  const foreign = events.flatMap(({ subjectClientId }) =>
    subjectClientId === null || subjectClientId === clientId ? [] : [subjectClientId],
  )
  const within = await withinSubtree(db, ownId, [...new Set(foreign)])
  return events.map((event) =>
    event.subjectClientId === null || event.subjectClientId === clientId || within.has(event.subjectClientId)
      ? event
      : { ...event, subjectName: null },
  )
}
