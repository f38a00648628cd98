import { and, eq, gte, inArray, lt, or, type SQL, sql } from 'drizzle-orm'
import { AUDIT_ACTIONS, type AuditAction, type EventOutcome, OUTCOMES } from '../platform/audit/actions.ts'
import type { Reader } from '../platform/db/client.ts'
import { auditEvents } from '../platform/db/schema/audit-events.ts'
import { uuidArray } from '../platform/db/uuid-array.ts'
import type { EventRow } from './event-sentence.ts'
import { readEvents } from './events.queries.ts'
import type { People } from './person-search.queries.ts'

/** The most events that one search examines row by row. */
const WINDOW = 20_000

/** About the most events that one search reads from several indexes. */
const CHOICE = 10_000

export interface EventSearch {
  /** One account, or one and those below it. */
  accountIds: readonly string[]
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

/** What is read in each account of the search. */
interface Stream {
  /** The condition that an index holds in order. */
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
    streams.map(({ within, fits }) => {
      const isExamined = horizon === null ? undefined : sql`${place} >= ${placeOf(horizon)}`
      return newestIn(search.accountIds, and(within, fits, inRange(search), isExamined), limit + 1)
    }),
    limit + 1,
  )
  const events = found.slice(0, limit)
  if (found.length > limit) return { events, next: events.at(-1)?.id ?? null, cutShort: false }
  return { events, next: horizon, cutShort: horizon !== null }
}

function chooseStreams(search: EventSearch, limit: number): Stream[] {
  const streams = streamsOf(search)
  if (streams.length * (limit + search.accountIds.length - 1) <= CHOICE) return streams
  return [{ within: undefined, fits: and(ofKind(search), concerns(search.people)) }]
}

function streamsOf(search: EventSearch): Stream[] {
  const { action, outcome, actorId, people } = search
  if (people.kind === 'few' && people.actors.length === 0) return []
  const kind = ofKind(search)
  if (actorId !== null)
    return [{ within: eq(auditEvents.actorId, actorId), fits: and(kind, concerns(people)) }]
  if (people.kind === 'few')
    return [
      ...people.subjects.map((id) => eq(auditEvents.subjectId, id)),
      ...people.actors.map((id) => eq(auditEvents.actorId, id)),
    ].map((person) => ({ within: person, fits: kind }))
  if (kind === undefined) return [{ within: undefined, fits: concerns(people) }]
  // A search by outcome alone misses actions that only a newer version writes.
  const actions = action === '' ? AUDIT_ACTIONS : [action]
  const outcomes = outcome === '' ? OUTCOMES : [outcome]
  return actions.flatMap((action) =>
    outcomes.map((outcome) => ({
      within: and(eq(auditEvents.action, action), eq(auditEvents.outcome, outcome)),
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

/** The newest events in one account, or in several: of each it reads as many as are wanted, in the order of an index. */
function newestIn(accountIds: readonly string[], condition: SQL | undefined, most: number): SQL | undefined {
  const [only = '', ...others] = accountIds
  if (others.length === 0) return and(eq(auditEvents.clientId, only), condition)
  return sql`${auditEvents.id} = any(array(
    select id from ${eachOf(accountIds, condition, sql`limit ${most}`)} order by at desc, id desc limit ${most}))`
}

function eachOf(accountIds: readonly string[], condition: SQL | undefined, part: SQL): SQL {
  return sql`(
    select newest.at, newest.id from unnest(${uuidArray(accountIds)}) account(id) cross join lateral (
      select ${auditEvents.at}, ${auditEvents.id} from ${auditEvents}
      where ${and(sql`${auditEvents.clientId} = account.id`, condition)}
      order by ${auditEvents.at} desc, ${auditEvents.id} desc ${part}
    ) newest
  ) each`
}

const place = sql`(${auditEvents.at}, ${auditEvents.id})`

/** The place of an event; null for an event of another account. */
function placeOf(id: string, accountIds?: readonly string[]): SQL {
  const ofAccount = accountIds === undefined ? sql`` : sql`and e.client_id = any(${uuidArray(accountIds)})`
  return sql`(select e.at, e.id from ${auditEvents} e where e.id = ${id} ${ofAccount})`
}

function inRange({ accountIds, from, until, after }: EventSearch): SQL | undefined {
  return and(
    from === null ? undefined : gte(auditEvents.at, from),
    until === null ? undefined : lt(auditEvents.at, until),
    after === '' ? undefined : sql`${place} < ${placeOf(after, accountIds)}`,
  )
}

/** The oldest event that the search may examine; null if it may reach the end of the log. */
async function findHorizon(
  db: Reader,
  search: EventSearch,
  streams: readonly Stream[],
): Promise<string | null> {
  const { accountIds } = search
  const share = sql.raw(String(Math.ceil(WINDOW / (streams.length * accountIds.length)) - 1))
  const ends = streams.map(
    ({ within }) =>
      sql`select at, id from ${eachOf(accountIds, and(within, inRange(search)), sql`offset ${share} limit 1`)}`,
  )
  const [end] = await db.execute<{ id: string }>(
    sql`select id from (${sql.join(ends, sql` union all `)}) ends order by at desc, id desc limit 1`,
  )
  return end?.id ?? null
}
