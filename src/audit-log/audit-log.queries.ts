import { validate as isUuid } from 'uuid'
import type { Reader } from '../platform/db/client.ts'
import type { AuditFilters } from './audit-filters.ts'
import { type EventSearch, type FoundEvents, findEvents } from './find-events.queries.ts'
import { hideForeignNames, type LogViewer } from './foreign-names.queries.ts'
import { findPeople, idOfEmail, onePerson } from './person-search.queries.ts'

/** Looks up the people that the filters name; null if the actor does not exist. */
export async function prepareSearch(
  db: Reader,
  { q, person, actor, below: _, ...filters }: AuditFilters,
  viewer: LogViewer,
  accountIds: readonly string[],
): Promise<EventSearch | null> {
  const actorId = actor === '' || isUuid(actor) ? actor : await idOfEmail(db, actor)
  if (actorId === null) return null
  const people = person === '' ? await findPeople(db, q, viewer) : onePerson(person)
  return { ...filters, accountIds, actorId: actorId === '' ? null : actorId, people }
}

/** The newest events that match, with the names that the viewer may read. */
export async function readAuditLog(
  db: Reader,
  search: EventSearch | null,
  viewer: LogViewer,
  limit: number,
): Promise<FoundEvents> {
  if (search === null) return { events: [], next: null, cutShort: false }
  const found = await findEvents(db, search, limit)
  return { ...found, events: await hideForeignNames(db, viewer, found.events) }
}
