import { withinSubtree } from '../clients/hierarchy.queries.ts'
import type { Reader } from '../db/client.ts'
import type { EventRow } from './events.queries.ts'
import type { Looking } from './looking.ts'

/**
 * Whoever tried something on somebody of an account that is none of the viewer's business is on record, but not on
 * whom: that name is left out. Subjects are named if they belong to the viewer's own account or below.
 */
export async function withoutForeignNames(
  db: Reader,
  { ownId, clientId, seesAll }: Looking,
  events: EventRow[],
): Promise<EventRow[]> {
  if (seesAll) return events
  const isForeign = (id: string | null): id is string => id !== null && id !== clientId
  const foreign = events.map(({ subjectClientId }) => subjectClientId).filter(isForeign)
  const within = await withinSubtree(db, ownId, [...new Set(foreign)])
  return events.map((event) =>
    isForeign(event.subjectClientId) && !within.has(event.subjectClientId)
      ? { ...event, subjectName: null, subjectEmail: null }
      : event,
  )
}
