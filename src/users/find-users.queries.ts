import { and, eq, sql } from 'drizzle-orm'
import { readLockedUsers } from '../lockout/locked-people.queries.ts'
import type { Reader } from '../platform/db/client.ts'
import { beginsWith } from '../platform/db/like.ts'
import { lastSignIns, listings } from '../platform/db/schema/listings.ts'
import { foldedEmail, users } from '../platform/db/schema/users.ts'
import { canonicalEmail } from '../platform/http/email-address.ts'
import { type PlaceFacts, partsOf, type StartingPlace } from './list-parts.ts'
import { matchesFilters, mfaRequiredInSql, type Within } from './matches-filters.queries.ts'
import { type PartRequest, readPart } from './read-part.queries.ts'
import { descends, type UserFilters } from './user-filters.ts'
import { notWithdrawn, sortName } from './user-lists.queries.ts'

export const PAGE_SIZE = 50

export interface UserPage {
  ids: string[]
  previous: string | null
  next: string | null
  /** The page is not full, but the search has read as much as one request may. */
  cutShort: boolean
}

export const EMPTY_PAGE: UserPage = { ids: [], previous: null, next: null, cutShort: false }

/**
 * A page of an account's users. In a search by name, names that begin with the term come first. `matching`: how many
 * users match the filters apart from the term.
 *
 * The cost does not grow with the account. Filters and beginnings of names are read from an index in order. A common
 * term fills a page after a short scan. A rare one is found by the trigram index, which is slow for a common one. A
 * sample tells which it is. No request scans more than its window: a page may end early and say where to go on.
 */
export async function findUsers(
  db: Reader,
  account: Within,
  filters: UserFilters,
  { matching, pageSize = PAGE_SIZE }: { matching: number; pageSize?: number },
): Promise<UserPage> {
  const { q, after, before, sort } = filters
  const cursor = before || after
  if (cursor === '' && q.includes('@')) {
    const addressee = await findByAddress(db, account, filters)
    if (addressee !== null) return { ...EMPTY_PAGE, ids: [addressee] }
  }
  const needsLocked = filters.locked || sort === 'status'
  const locked = needsLocked ? await readLockedUsers(db, account.id, account.now) : []
  const [id = '', ofPart] = cursor.split('.')
  const place = cursor === '' ? null : await placeOf(db, account, id, q)
  if (place === undefined) return EMPTY_PAGE

  const backwards = descends(filters) !== (before !== '')
  const request: PartRequest = {
    account,
    filters,
    matching,
    backwards,
    most: pageSize + 1,
    lockedIds: locked.filter(({ status }) => filters.locked || status !== 'disabled').map(({ id }) => id),
  }
  const isLocked = place !== null && request.lockedIds.includes(place.id)
  const all = partsOf(filters).map((part, number) => ({ part, number: String(number) }))
  const parts = backwards ? all.toReversed() : all
  const first = place
    ? parts.findIndex(({ part, number }) =>
        ofPart === undefined ? part.holds({ ...place, locked: isLocked }) : number === ofPart,
      )
    : 0
  const ids: string[] = []
  let end: string | null = null
  for (const [index, { part, number }] of parts.slice(Math.max(0, first)).entries()) {
    const read = await readPart(db, request, part, index === 0 ? place : null)
    ids.push(...read.ids)
    // The last user of a window need not be one of its part.
    end = read.end && `${read.end}.${number}`
    if (ids.length > pageSize || end !== null) break
  }
  if (before !== '' && ids.length <= pageSize && end === null)
    return findUsers(db, account, { ...filters, before: '', after: '' }, { matching, pageSize })
  return pageOf(ids, end, { isBackwards: before !== '', isFirst: place === null, pageSize })
}

function pageOf(
  found: string[],
  end: string | null,
  { isBackwards, isFirst, pageSize }: { isBackwards: boolean; isFirst: boolean; pageSize: number },
): UserPage {
  const cutShort = found.length <= pageSize && end !== null
  const read = found.slice(0, pageSize)
  const further = found.length > pageSize ? (read.at(-1) ?? null) : end
  if (isBackwards) {
    const ids = read.toReversed()
    return { ids, previous: further, next: ids.at(-1) ?? null, cutShort }
  }
  return { ids: read, previous: isFirst ? null : (read[0] ?? null), next: further, cutShort }
}

async function findByAddress(db: Reader, account: Within, filters: UserFilters): Promise<string | null> {
  const [user] = await db
    .select({ id: users.id })
    .from(users)
    .where(
      and(
        eq(foldedEmail(users.email), canonicalEmail(filters.q)),
        eq(users.clientId, account.id),
        notWithdrawn,
        matchesFilters(users.id, account, filters),
      ),
    )
  return user?.id ?? null
}

/** A user's place in the lists. Undefined if the user is in another account. */
async function placeOf(
  db: Reader,
  account: Within,
  id: string,
  q: string,
): Promise<StartingPlace | undefined> {
  const [place] = await db
    .select({
      id: users.id,
      sortName,
      signedInAt: sql<string>`${lastSignIns.at}::text`,
      status: sql<PlaceFacts['status']>`${listings.status}`,
      enrolled: listings.enrolled,
      mfaRequired: mfaRequiredInSql(users.id, account),
      begins: sql<boolean>`${beginsWith(sortName, q)}`,
    })
    .from(users)
    .innerJoin(listings, and(eq(listings.userId, users.id), eq(listings.listedUnder, users.clientId)))
    .innerJoin(lastSignIns, eq(lastSignIns.userId, users.id))
    .where(and(eq(users.id, id), eq(users.clientId, account.id)))
  return place
}
