import { validate as isUuid } from 'uuid'
import type { Reader } from '../platform/db/client.ts'
import type { AuditFilters } from './audit-filters.ts'
import { type EventSearch, type FoundEvents, findEvents } from './find-events.queries.ts'
import { type Looking, withoutForeignNames } from './foreign-names.queries.ts'
import { findPeople, idOfEmail } from './person-search.queries.ts'

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

/** A part of an account's log, the newest first, at most `limit` events, with the names that the viewer may read. */
export async function readAuditLog(
  db: Reader,
  search: EventSearch | null,
  looking: Looking,
  limit: number,
): Promise<FoundEvents> {
  if (search === null) return { events: [], next: null, cutShort: false }
  const found = await findEvents(db, search, limit)
  return { ...found, events: await withoutForeignNames(db, looking, found.events) }
}
