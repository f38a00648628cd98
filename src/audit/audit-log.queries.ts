import { validate as isUuid } from 'uuid'
import { withinSubtree } from '../clients/hierarchy.queries.ts'
import type { Reader } from '../db/client.ts'
import type { AuditFilters } from './audit-filters.ts'
import type { EventRow } from './events.queries.ts'
import { type EventSearch, type FoundEvents, findEvents } from './find-events.queries.ts'
import { findPeople, idOfEmail, type Looking } from './person-search.queries.ts'

/** What is left to ask, once it is known whom the filters speak of; null: there is no such actor. */
export async function prepareSearch(
  db: Reader,
  { q, actor, ...filters }: AuditFilters,
  looking: Looking,
): Promise<EventSearch | null> {
  const actorId = actor === '' || isUuid(actor) ? actor : await idOfEmail(db, actor)
  if (actorId === null) return null
  const people = await findPeople(db, q, looking)
  return { ...filters, clientId: looking.clientId, actorId: actorId === '' ? null : actorId, people }
}

/**
 * A part of an account's log, the newest first, at most `limit` events. Whoever tried something on somebody of an
 * account that is none of the viewer's business is on record, but not on whom: that name is left out.
 */
export async function readAuditLog(
  db: Reader,
  search: EventSearch | null,
  looking: Looking,
  limit: number,
): Promise<FoundEvents> {
  if (search === null) return { events: [], next: null, cutShort: false }
  const found = await findEvents(db, search, limit)
  return looking.seesAll ? found : { ...found, events: await withoutForeignNames(db, looking, found.events) }
}

async function withoutForeignNames(
  db: Reader,
  { ownId, clientId }: Looking,
  events: EventRow[],
): Promise<EventRow[]> {
  const foreign = events.flatMap(({ subjectClientId }) =>
    subjectClientId === null || subjectClientId === clientId ? [] : [subjectClientId],
  )
  const within = await withinSubtree(db, ownId, [...new Set(foreign)])
  return events.map((event) =>
    event.subjectClientId === null || event.subjectClientId === clientId || within.has(event.subjectClientId)
      ? event
      : { ...event, subjectName: null, subjectEmail: null },
  )
}
