import { and, eq, sql } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { beginsWith, contains } from '../platform/db/like.ts'
import { users } from '../platform/db/schema/users.ts'
import { canonicalEmail } from '../platform/http/email-address.ts'
import { SHORTEST_TERM } from '../platform/http/list-query.ts'
import { containsRareTerm, sampleTerm } from './term-sample.queries.ts'
import type { UserFilters } from './user-filters.ts'
import {
  countMatching,
  matchesFilters,
  notWithdrawn,
  type Place,
  sortName,
  userList,
  type Within,
} from './user-lists.queries.ts'

export const PAGE_SIZE = 50

const WINDOW = 20_000

const FEW = 2_000

export interface UserPage {
  ids: string[]
  next: string | null
  /** The page is not full, but the window ended before the list did. */
  cutShort: boolean
}

interface Request {
  account: Within
  filters: UserFilters
  after: StartingPlace | null
}

interface StartingPlace extends Place {
  begins: boolean
}

export const EMPTY_PAGE: UserPage = { ids: [], next: null, cutShort: false }

/**
 * A page of an account's users, ordered by name. In a search, names that begin with the term come first.
 *
 * The cost does not grow with the account. Filters and beginnings of names are read from an index in order. A common
 * term fills a page after a short scan. A rare one is found by the trigram index, which is slow for a common one. A
 * sample tells which it is. No request scans more than its window: a page may end early and say where to go on.
 */
export async function findUsers(db: Reader, account: Within, filters: UserFilters): Promise<UserPage> {
  const { q } = filters
  const after = filters.after === '' ? null : await placeOf(db, account, filters)
  if (after === undefined) return EMPTY_PAGE
  const request = { account, filters, after }
  if (q === '') return pageOf(await scan(db, request, 'all'))

  const addressee = after === null && q.includes('@') ? await findByAddress(db, request) : null
  if (addressee !== null) return { ...EMPTY_PAGE, ids: [addressee] }

  if (after !== null && !after.begins) return pageOf(await search(db, request))
  const begin = await scan(db, request, 'begin')
  if (begin.ids.length > PAGE_SIZE || begin.end !== null) return pageOf(begin)
  return pageOf(await search(db, { ...request, after: null }), begin.ids)
}

/** Users that contain the term, except at the beginning of the name. */
async function search(db: Reader, request: Request): Promise<Scan> {
  const { account, filters } = request
  const { q } = filters
  if (q.length < SHORTEST_TERM || (await countMatching(db, account, filters)) <= FEW)
    return scan(db, request, 'rest')
  const { kind, rarestWords } = await sampleTerm(db, q)
  if (kind === 'rare') return searchIndex(db, request, rarestWords)
  const near = await scan(db, request, 'rest')
  // The term may be rarer in this part of the alphabet than in the sample.
  return near.end !== null && kind === 'common' ? searchIndex(db, request, rarestWords) : near
}

interface Scan {
  /** At most one more than a page. */
  ids: string[]
  /** The last user of a full window; null: the page is full or the list has ended. */
  end: string | null
}

function pageOf({ ids, end }: Scan, before: string[] = []): UserPage {
  const all = [...before, ...ids]
  const page = all.slice(0, PAGE_SIZE)
  if (all.length > PAGE_SIZE) return { ids: page, next: page.at(-1) ?? null, cutShort: false }
  return { ids: page, next: end, cutShort: end !== null }
}

type Part = 'all' | 'begin' | 'rest'

/** Reads a list in order until the page or the window is full. */
async function scan(db: Reader, { account, filters, after }: Request, part: Part): Promise<Scan> {
  const { q } = filters
  const list = await userList(db, account, filters)
  const fits = and(part === 'rest' ? contains(list.text, q) : undefined, list.test)
  const most = fits ? WINDOW : PAGE_SIZE + 1
  const rows = list.rows({
    beyond: after,
    most,
    where: (name) => {
      if (part === 'all') return undefined
      return part === 'begin' ? beginsWith(name, q) : sql`not (${beginsWith(name, q)})`
    },
  })
  const found = await db.execute<{ id: string }>(sql`
    select id from (${rows}) scanned where ${fits ?? sql`true`} order by sort_name, id limit ${PAGE_SIZE + 1}`)
  const ids = found.map(({ id }) => id)
  if (!fits || ids.length > PAGE_SIZE) return { ids, end: null }
  const [last] = await db.execute<{ id: string }>(sql`
    select id from (${rows}) scanned order by sort_name, id offset ${most - 1}`)
  return { ids, end: last?.id ?? null }
}

/** Reads all matches from the trigram index and sorts them. */
async function searchIndex(
  db: Reader,
  { account, filters, after }: Request,
  rarestWords: string[],
): Promise<Scan> {
  // `|| ''` keeps PostgreSQL from scanning the index of names in order instead.
  const aside = sql<string>`(${sortName} || '')`
  const rows = await db
    .select({ id: users.id })
    .from(users)
    .where(
      and(
        eq(users.clientId, account.id),
        notWithdrawn,
        containsRareTerm(filters.q, rarestWords),
        sql`not (${beginsWith(aside, filters.q)})`,
        after ? sql`(${aside}, ${users.id}) > (${after.sortName}, ${after.id}::uuid)` : undefined,
        matchesFilters(users.id, account, filters),
      ),
    )
    .orderBy(aside, users.id)
    .limit(PAGE_SIZE + 1)
  return { ids: rows.map(({ id }) => id), end: null }
}

async function findByAddress(db: Reader, { account, filters }: Request): Promise<string | null> {
  const [user] = await db
    .select({ id: users.id })
    .from(users)
    .where(
      and(
        eq(sql`lower(${users.email})`, canonicalEmail(filters.q)),
        eq(users.clientId, account.id),
        notWithdrawn,
        matchesFilters(users.id, account, filters),
      ),
    )
  return user?.id ?? null
}

/** A user's place in the order. Undefined if the user is in another account. */
async function placeOf(
  db: Reader,
  account: Within,
  { after, q }: UserFilters,
): Promise<StartingPlace | undefined> {
  const [place] = await db
    .select({ id: users.id, sortName, begins: sql<boolean>`${beginsWith(sortName, q)}` })
    .from(users)
    .where(and(eq(users.id, after), eq(users.clientId, account.id)))
  return place
}
