import { and, eq, sql } from 'drizzle-orm'
import type { Account } from '../access/accounts.queries.ts'
import type { Reader } from '../platform/db/client.ts'
import { beginsWith, contains } from '../platform/db/like.ts'
import { users } from '../platform/db/schema/users.ts'
import { canonicalEmail } from '../platform/http/email-address.ts'
import { SHORTEST_TERM } from '../platform/http/list-query.ts'
import { holdsRareTerm, sampleTerm } from './term-sample.queries.ts'
import type { UserFilters } from './user-filters.ts'
import { countFitting, fitsFilters, isSomebody, listOf, type Place, sortName } from './user-lists.queries.ts'

export const PAGE_SIZE = 50

/** How many users one request goes along, at most. */
const WINDOW = 20_000

/** So few are looked at one by one whatever the term. */
const FEW = 2_000

export interface UserPage {
  ids: string[]
  /** Where the next page begins; null: there is none. */
  next: string | null
  /** The page is not full, yet there is more to look at. */
  cutShort: boolean
}

type Within = Pick<Account, 'id' | 'isPlatform'>

/** What is asked, of whom, and where the page begins. */
interface Request {
  account: Within
  filters: UserFilters
  after: StartingPlace | null
}

interface StartingPlace extends Place {
  /** The name begins with the term. */
  begins: boolean
}

export const NOBODY: UserPage = { ids: [], next: null, cutShort: false }

/**
 * A page of an account's users, in the order of their names; of a search, those whose name begins with the term come
 * first. What it costs does not grow with the account:
 *
 * - Who fits filters stands in lists of an index (user-lists.queries.ts): their pages are read off.
 * - Names that begin with a term stand side by side there. Whose whole e-mail address was typed is found by it.
 * - Who else holds a term is looked for user by user, which soon fills a page if it is a common one. A rare one the
 *   index of trigrams finds: of a common one it would be slow, as it gathers all before it sorts them. A sample tells
 *   which it is.
 * - Where neither does, the page stays short and says where to go on: no request looks further than its window.
 */
export async function findUsers(db: Reader, account: Within, filters: UserFilters): Promise<UserPage> {
  const { q } = filters
  const after = filters.after === '' ? null : await placeOf(db, account, filters)
  if (after === undefined) return NOBODY
  const request = { account, filters, after }
  if (q === '') return pageOf(await walk(db, request, 'everybody'))

  const addressee = after === null && q.includes('@') ? await findByAddress(db, request) : null
  if (addressee !== null) return { ...NOBODY, ids: [addressee] }

  if (after !== null && !after.begins) return pageOf(await search(db, request))
  const begin = await walk(db, request, 'begin')
  if (begin.ids.length > PAGE_SIZE || begin.end !== null) return pageOf(begin)
  return pageOf(await search(db, { ...request, after: null }), begin.ids)
}

/** Those who hold the term, but not where their name begins. */
async function search(db: Reader, request: Request): Promise<Walk> {
  const { account, filters } = request
  const { q } = filters
  if (q.length < SHORTEST_TERM || (await countFitting(db, account, filters)) <= FEW)
    return walk(db, request, 'rest')
  const { kind, askedFor } = await sampleTerm(db, q)
  if (kind === 'rare') return gather(db, request, askedFor)
  const near = await walk(db, request, 'rest')
  // Names that begin alike may hold it less than all do.
  return near.end !== null && kind === 'common' ? gather(db, request, askedFor) : near
}

interface Walk {
  /** Those that fit, one more than a page at most. */
  ids: string[]
  /** Whom it ended with because it had looked at enough; null: the page is full or there is nobody left. */
  end: string | null
}

function pageOf({ ids, end }: Walk, before: string[] = []): UserPage {
  const all = [...before, ...ids]
  const page = all.slice(0, PAGE_SIZE)
  if (all.length > PAGE_SIZE) return { ids: page, next: page.at(-1) ?? null, cutShort: false }
  return { ids: page, next: end, cutShort: end !== null }
}

/** Everybody; those whose name begins with the term; or those who hold it elsewhere. */
type Part = 'everybody' | 'begin' | 'rest'

/** Goes along a list in the order of names, user by user, until the page or the window is full. */
async function walk(db: Reader, { account, filters, after }: Request, part: Part): Promise<Walk> {
  const { q } = filters
  const list = await listOf(db, account, filters)
  const fits = and(part === 'rest' ? contains(list.text, q) : undefined, list.test)
  const most = fits ? WINDOW : PAGE_SIZE + 1
  const rows = list.rows({
    beyond: after,
    most,
    where: (name) => {
      if (part === 'everybody') return undefined
      return part === 'begin' ? beginsWith(name, q) : sql`not (${beginsWith(name, q)})`
    },
  })
  const found = await db.execute<{ id: string }>(sql`
    select id from (${rows}) walked where ${fits ?? sql`true`} order by sort_name, id limit ${PAGE_SIZE + 1}`)
  const ids = found.map(({ id }) => id)
  if (!fits || ids.length > PAGE_SIZE) return { ids, end: null }
  const [last] = await db.execute<{ id: string }>(sql`
    select id from (${rows}) walked order by sort_name, id offset ${most - 1}`)
  return { ids, end: last?.id ?? null }
}

/** All that the index of trigrams finds, sorted. */
async function gather(db: Reader, { account, filters, after }: Request, askedFor: string[]): Promise<Walk> {
  // Written so that no index has this order: else PostgreSQL may walk the one of the names.
  const aside = sql<string>`(${sortName} || '')`
  const rows = await db
    .select({ id: users.id })
    .from(users)
    .where(
      and(
        eq(users.clientId, account.id),
        isSomebody,
        holdsRareTerm(filters.q, askedFor),
        sql`not (${beginsWith(aside, filters.q)})`,
        after ? sql`(${aside}, ${users.id}) > (${after.sortName}, ${after.id}::uuid)` : undefined,
        fitsFilters(users.id, account, filters),
      ),
    )
    .orderBy(aside, users.id)
    .limit(PAGE_SIZE + 1)
  return { ids: rows.map(({ id }) => id), end: null }
}

/** Who has this very e-mail address, if they fit the filters. */
async function findByAddress(db: Reader, { account, filters }: Request): Promise<string | null> {
  const [user] = await db
    .select({ id: users.id })
    .from(users)
    .where(
      and(
        eq(sql`lower(${users.email})`, canonicalEmail(filters.q)),
        eq(users.clientId, account.id),
        isSomebody,
        fitsFilters(users.id, account, filters),
      ),
    )
  return user?.id ?? null
}

/** Where a user stands in the order; undefined: nowhere in this account. Nobody's place elsewhere can be asked for. */
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
