import { withinSubtree } from '../access/hierarchy.queries.ts'
import type { Reader } from '../platform/db/client.ts'
import type { EventRow } from './event-sentence.ts'

export interface LogViewer {
  clientId: string
  /** The viewer's own account. */
  ownId: string
  seesAll: boolean
}

/** Names a subject only if it belongs to the viewer's own account or below. */
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
