import { withinSubtree } from '../access/hierarchy.queries.ts'
import type { Reader } from '../platform/db/client.ts'
import type { EventRow } from './event-sentence.ts'

export interface LogViewer {
  /** The account whose log it is. */
  clientId: string
  /** The viewer's own account. */
  ownId: string
  /** For the Service Desk. */
  seesAll: boolean
}

/**
 * An attempt on a person of a foreign account is in the actor's log. Its subject is named only if it belongs to the
 * viewer's own account or below.
 */
export async function hideForeignNames(
  db: Reader,
  { ownId, clientId, seesAll }: LogViewer,
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
