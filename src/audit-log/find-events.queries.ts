import { and, eq, gte, inArray, lt, or, type SQL, sql } from 'drizzle-orm'
import { AUDIT_ACTIONS, type AuditAction, type EventOutcome, OUTCOMES } from '../platform/audit/actions.ts'
import type { Reader } from '../platform/db/client.ts'
import { auditEvents } from '../platform/db/schema/audit-events.ts'
import type { EventRow } from './event-sentence.ts'
import { readEvents } from './events.queries.ts'
import type { People } from './person-search.queries.ts'

/** The most events that one search examines row by row. */
const WINDOW = 20_000

/** The most events that one search reads from several indexes. */
const CHOICE = 10_000

export interface EventSearch {
  clientId: string
  action: AuditAction | ''
  outcome: EventOutcome | ''
  actorId: string | null
  people: People
  from: Date | null
  /** Exclusive. */
  until: Date | null
  after: string
}

export interface FoundEvents {
  events: EventRow[]
  next: string | null
  /** The search reached its limit before the page was full; `next` leads on. */
  cutShort: boolean
}

interface Stream {
  within: SQL | undefined
  /** The condition that is checked row by row. */
  fits: SQL | undefined
}

/**
 * The filters choose streams, each of which an index holds in order. The newest of all streams are the newest events.
 * Conditions without an index are checked row by row within the search's limit, so the cost does not grow with the log.
 */
export async function findEvents(db: Reader, search: EventSearch, limit: number): Promise<FoundEvents> {
  const streams = chooseStreams(search, limit)
  if (streams.length === 0) return { events: [], next: null, cutShort: false }
  const horizon = streams.some(({ fits }) => fits) ? await findHorizon(db, search, streams) : null
  const found = await readEvents(
    db,
    streams.map(({ within, fits }) =>
      and(within, fits, inRange(search), horizon === null ? undefined : sql`${place} >= ${placeOf(horizon)}`),
    ),
    limit + 1,
  )
  const events = found.slice(0, limit)
  if (found.length > limit) return { events, next: events.at(-1)?.id ?? null, cutShort: false }
  return { events, next: horizon, cutShort: horizon !== null }
}

function chooseStreams(search: EventSearch, limit: number): Stream[] {
  const streams = streamsOf(search)
  if (streams.length * limit <= CHOICE) return streams
  const { clientId, people } = search
  return [{ within: eq(auditEvents.clientId, clientId), fits: and(ofKind(search), concerns(people)) }]
}

function streamsOf(search: EventSearch): Stream[] {
  const { clientId, action, outcome, actorId, people } = search
  if (people.kind === 'few' && people.actors.length === 0) return []
  const account = eq(auditEvents.clientId, clientId)
  const kind = ofKind(search)
  if (actorId !== null)
    return [{ within: and(account, eq(auditEvents.actorId, actorId)), fits: and(kind, concerns(people)) }]
  if (people.kind === 'few')
    return [
      ...people.subjects.map((id) => eq(auditEvents.subjectId, id)),
      ...people.actors.map((id) => eq(auditEvents.actorId, id)),
    ].map((person) => ({ within: and(account, person), fits: kind }))
  if (kind === undefined) return [{ within: account, fits: concerns(people) }]
  // A search by outcome alone misses actions that only a newer version writes.
  const actions = action === '' ? AUDIT_ACTIONS : [action]
  const outcomes = outcome === '' ? OUTCOMES : [outcome]
  return actions.flatMap((action) =>
    outcomes.map((outcome) => ({
      within: and(account, eq(auditEvents.action, action), eq(auditEvents.outcome, outcome)),
      fits: concerns(people),
    })),
  )
}

function ofKind({ action, outcome }: EventSearch): SQL | undefined {
  return and(
    action === '' ? undefined : eq(auditEvents.action, action),
    outcome === '' ? undefined : eq(auditEvents.outcome, outcome),
  )
}

function concerns(people: People): SQL | undefined {
  if (people.kind === 'all') return undefined
  if (people.kind === 'many') return people.namedIn
  const { actors, subjects } = people
  return or(
    actors.length === 0 ? sql`false` : inArray(auditEvents.actorId, actors),
    subjects.length === 0 ? sql`false` : inArray(auditEvents.subjectId, subjects),
  )
}

const place = sql`(${auditEvents.at}, ${auditEvents.id})`

/** The place of an event; null for an event of another account. */
function placeOf(id: string, clientId?: string): SQL {
  const ofAccount = clientId === undefined ? sql`` : sql`and e.client_id = ${clientId}`
  return sql`(select e.at, e.id from ${auditEvents} e where e.id = ${id} ${ofAccount})`
}

function inRange({ clientId, from, until, after }: EventSearch): SQL | undefined {
  return and(
    from === null ? undefined : gte(auditEvents.at, from),
    until === null ? undefined : lt(auditEvents.at, until),
    after === '' ? undefined : sql`${place} < ${placeOf(after, clientId)}`,
  )
}

/** The oldest event that the search may examine; null if it may reach the end of the log. */
async function findHorizon(
  db: Reader,
  search: EventSearch,
  streams: readonly Stream[],
): Promise<string | null> {
  const share = sql.raw(String(Math.ceil(WINDOW / streams.length) - 1))
  const ends = streams.map(
    ({ within }) => sql`(
      select ${auditEvents.at}, ${auditEvents.id} from ${auditEvents} where ${and(within, inRange(search))}
      order by ${auditEvents.at} desc, ${auditEvents.id} desc offset ${share} limit 1
    )`,
  )
  const [end] = await db.execute<{ id: string }>(
    sql`select id from (${sql.join(ends, sql` union all `)}) ends order by at desc, id desc limit 1`,
  )
  return end?.id ?? null
}
