import { withinSubtree } from '../access/hierarchy.queries.ts'
import type { Reader } from '../platform/db/client.ts'
import type { EventRow } from './event-sentence.ts'

/** Who looks at the events of which account. */
export interface Looking {
  /** The account whose log it is. */
  clientId: string
  /** The viewer's own account. */
  ownId: string
  /** The Service Desk: every name is shown. */
  seesAll: boolean
}

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
