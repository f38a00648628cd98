import { and, eq, type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { beginsWith, containsWords } from '../platform/db/like.ts'
import { lastSignIns } from '../platform/db/schema/listings.ts'
import { users } from '../platform/db/schema/users.ts'
import { uuidArray } from '../platform/db/uuid-array.ts'
import { SHORTEST_TERM } from '../platform/http/list-query.ts'
import type { Part, StartingPlace } from './list-parts.ts'
import { matchesFilters, type Within } from './matches-filters.queries.ts'
import { containsRareTerm, sampleTerm } from './term-sample.queries.ts'
import type { UserFilters } from './user-filters.ts'
import {
  inOrder,
  isBeyond,
  listByName,
  listBySignIn,
  listOfFew,
  notWithdrawn,
  type Place,
  sortName,
  type UserList,
} from './user-lists.queries.ts'

/** The most users that one part reads one by one. */
const WINDOW = 20_000

/** A list this short is scanned without a sample. */
const FEW = 2_000

export interface PartRequest {
  account: Within
  filters: UserFilters
  /** How many users match the filters, whatever the term. */
  matching: number
  backwards: boolean
  /** How many ids are read: one more than the page shows. */
  most: number
  lockedIds: readonly string[]
}

export interface Found {
  ids: string[]
  /** The last user of a full window; null: enough were found or the list has ended. */
  end: string | null
}

/** Users of one part of a list, beyond a place. */
export async function readPart(
  db: Reader,
  request: PartRequest,
  part: Part,
  from: StartingPlace | null,
): Promise<Found> {
  const { q } = request.filters
  if (part.among === 'locked' && request.lockedIds.length === 0) return { ids: [], end: null }
  const beyond = from && placeIn(request, from)
  if (q === '' || part.named === 'beginning' || part.among === 'locked')
    return scan(db, request, part, beyond)
  if (q.length < SHORTEST_TERM || request.matching <= FEW) return scan(db, request, part, beyond)
  const { kind, rarestWords } = await sampleTerm(db, q)
  if (kind === 'rare') return searchIndex(db, request, part, beyond, rarestWords)
  const near = await scan(db, request, part, beyond)
  // The term may be rarer in this part of the list than in the sample.
  return near.end !== null && kind === 'common' ? searchIndex(db, request, part, beyond, rarestWords) : near
}

function placeIn(
  { filters: { sort } }: PartRequest,
  { id, sortName: name, signedInAt }: StartingPlace,
): Place {
  return { id, key: sort === 'last-sign-in' ? sql`${signedInAt}::timestamptz` : sql`${name}` }
}

/** Reads a list in order until enough are found or the window is full. */
async function scan(db: Reader, request: PartRequest, part: Part, beyond: Place | null): Promise<Found> {
  const { backwards, most } = request
  const { q } = request.filters
  const list = await listOf(db, request, part)
  const fits = and(
    q !== '' && part.named !== 'beginning' ? containsWords(list.text, q) : undefined,
    list.test,
    isNotLocked(request, part, sql`scanned.id`),
  )
  const rows = list.rows({
    beyond,
    backwards,
    most: fits ? WINDOW : most,
    where: (name) => namedIn(part, name, q),
  })
  const found = await db.execute<{ id: string }>(sql`
    select id from (${rows}) scanned where ${fits ?? sql`true`} ${inOrder(sql`key`, sql`id`, { backwards, most })}`)
  const ids = found.map(({ id }) => id)
  if (!fits || ids.length >= most) return { ids, end: null }
  const [last] = await db.execute<{ id: string }>(sql`
    select id from (${rows}) scanned
    ${inOrder(sql`key`, sql`id`, { backwards, most: 1 })} offset ${WINDOW - 1}`)
  return { ids, end: last?.id ?? null }
}

function listOf(
  db: Reader,
  { account, filters, lockedIds }: PartRequest,
  part: Part,
): Promise<UserList> | UserList {
  const bySignIn = filters.sort === 'last-sign-in'
  if (part.among === 'locked')
    return listOfFew(lockedIds, account, part.filters, bySignIn ? signedInAt : sortName)
  return bySignIn ? listBySignIn(account, part.filters) : listByName(db, account, part.filters)
}

const signedInAt = sql<Date>`(
  select ${lastSignIns.at} from ${lastSignIns} where ${lastSignIns.userId} = ${users.id}
)`

function isNotLocked({ lockedIds }: PartRequest, { among }: Part, id: SQLWrapper): SQL | undefined {
  if (among !== 'not-locked' || lockedIds.length === 0) return undefined
  return sql`${id} <> all(${uuidArray(lockedIds)})`
}

function namedIn({ named }: Part, name: SQLWrapper, q: string): SQL | undefined {
  if (named === 'any') return undefined
  return named === 'beginning' ? beginsWith(name, q) : sql`not ${beginsWith(name, q)}`
}

/** Reads all matches from the trigram index and sorts them. */
async function searchIndex(
  db: Reader,
  request: PartRequest,
  part: Part,
  beyond: Place | null,
  rarestWords: string[],
): Promise<Found> {
  const { account, filters, backwards, most } = request
  // `|| ''` keeps PostgreSQL from scanning the index of names in order instead.
  const aside = sql<string>`((lower(${users.name}) || '') collate "und-x-icu")`
  const key = filters.sort === 'last-sign-in' ? signedInAt : aside
  const rows = await db.execute<{ id: string }>(sql`
    select ${users.id} as id from ${users}
    where ${and(
      eq(users.clientId, account.id),
      notWithdrawn,
      containsRareTerm(filters.q, rarestWords),
      namedIn(part, aside, filters.q),
      isBeyond(key, users.id, { beyond, backwards }),
      matchesFilters(users.id, account, part.filters),
      isNotLocked(request, part, users.id),
    )} ${inOrder(key, users.id, { backwards, most })}`)
  return { ids: rows.map(({ id }) => id), end: null }
}
