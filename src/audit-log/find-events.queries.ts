import { and, eq, gte, inArray, lt, or, type SQL, sql } from 'drizzle-orm'
import { AUDIT_ACTIONS, type AuditAction, OUTCOMES, type Outcome } from '../platform/audit/actions.ts'
import type { Reader } from '../platform/db/client.ts'
import { auditEvents } from '../platform/db/schema/audit-events.ts'
import type { EventRow } from './event-sentence.ts'
import { readEvents } from './events.queries.ts'
import type { People } from './person-search.queries.ts'

/** How many events are looked at, at most, for those that fit what no index knows. */
const WINDOW = 20_000

/** How many events are read, at most, to choose from when several indexes have their newest. */
const CHOICE = 10_000

/** What is looked for; empty and null: whatever it is. */
export interface EventSearch {
  clientId: string
  action: AuditAction | ''
  outcome: Outcome | ''
  actorId: string | null
  people: People
  /** From this instant on. */
  from: Date | null
  /** Before this instant. */
  until: Date | null
  /** Older than the event of this id. */
  after: string
}

export interface FoundEvents {
  /** The newest first. */
  events: EventRow[]
  /** Where to go on; null: there are no more. */
  next: string | null
  /** It looked as far as one search may go before it had found enough; `next` leads further. */
  cutShort: boolean
}

/** A part of the log that one index holds in order; `fits` is what the index does not know. */
interface Stream {
  within: SQL | undefined
  fits: SQL | undefined
}

/**
 * The newest events that fit, at most `limit`. What it costs does not grow with the log:
 *
 * 1. The filters choose streams, each of which an index has in the order of the pages: those of the account; of an
 *    action and an outcome (an outcome alone is a stream for each action); done by, or to, each of a few people.
 *    The newest of each are read, and the newest of those are the newest of all. Where that were too many (streams
 *    times a large limit), the account's log is the one stream, and the filters are asked event by event.
 * 2. What no index knows together (a person and an action; a name that fits very many) is asked event by event, of
 *    so many events as one search may look at. If they do not suffice, the page is short and says where to go on.
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
  return [{ within: eq(auditEvents.clientId, clientId), fits: and(ofKind(search), speaksOf(people)) }]
}

function streamsOf(search: EventSearch): Stream[] {
  const { clientId, action, outcome, actorId, people } = search
  if (people.kind === 'few' && people.actors.length === 0) return []
  const account = eq(auditEvents.clientId, clientId)
  const kind = ofKind(search)
  if (actorId !== null)
    return [{ within: and(account, eq(auditEvents.actorId, actorId)), fits: and(kind, speaksOf(people)) }]
  if (people.kind === 'few')
    return [
      ...people.subjects.map((id) => eq(auditEvents.subjectId, id)),
      ...people.actors.map((id) => eq(auditEvents.actorId, id)),
    ].map((person) => ({ within: and(account, person), fits: kind }))
  if (kind === undefined) return [{ within: account, fits: speaksOf(people) }]
  // What only a newer version writes cannot be asked for by its outcome alone.
  const actions = action === '' ? AUDIT_ACTIONS : [action]
  const outcomes = outcome === '' ? OUTCOMES : [outcome]
  return actions.flatMap((action) =>
    outcomes.map((outcome) => ({
      within: and(account, eq(auditEvents.action, action), eq(auditEvents.outcome, outcome)),
      fits: speaksOf(people),
    })),
  )
}

function ofKind({ action, outcome }: EventSearch): SQL | undefined {
  return and(
    action === '' ? undefined : eq(auditEvents.action, action),
    outcome === '' ? undefined : eq(auditEvents.outcome, outcome),
  )
}

function speaksOf(people: People): SQL | undefined {
  if (people.kind === 'everybody') return undefined
  if (people.kind === 'many') return people.namedIn
  const { actors, subjects } = people
  return or(
    actors.length === 0 ? sql`false` : inArray(auditEvents.actorId, actors),
    subjects.length === 0 ? sql`false` : inArray(auditEvents.subjectId, subjects),
  )
}

/** Where an event stands in the log. */
const place = sql`(${auditEvents.at}, ${auditEvents.id})`

/** The place of an event. No event of another account has one. */
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

/** The event that the search may look back to: none of the streams is followed beyond its share. Null: to the end. */
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
