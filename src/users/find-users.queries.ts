import { and, asc, eq, ne, type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import type { Account } from '../access/view-account.ts'
import type { Reader } from '../db/client.ts'
import { contains } from '../db/like.ts'
import { authenticators } from '../db/schema/authenticators.ts'
import { memberships, mfaPolicies, roleGroups } from '../db/schema/role-groups.ts'
import { users } from '../db/schema/users.ts'
import type { UserFilters } from './user-filters.ts'

export const PAGE_SIZE = 50

/** How many users one request looks at, at most, for those that fit the filters. */
const WINDOW = 10_000

/** Shorter terms have no trigram. */
const TRIGRAM = 3

/** What lists of people are in the order of. */
export const sortName = sql<string>`lower(${users.name})`

/** What a term is searched in. Its trigrams are indexed. */
export const searchedText = sql<string>`lower(${users.name} || ' ' || ${users.email})`

export interface UserPage {
  ids: string[]
  /** Where the next page begins; null: there is none. */
  next: string | null
  /** The window was used up before the page was full: how many were looked at. */
  lookedAt: number | null
}

type Within = Pick<Account, 'id' | 'isPlatform'>

/**
 * A page of an account's users, in the order of their names. What it costs does not grow with the account:
 *
 * 1. It walks the index of the names from where the last page ended, testing users one by one, until the page
 *    is full. Whatever fits many users (no filter, a short or common term) fills it within a few steps.
 * 2. If a window of 10 000 users did not, and few of those match the term, the term is rare: the index of its
 *    trigrams finds all that match. Of a common term it would be slow, as it must gather all before it sorts them.
 * 3. Otherwise the page stays short and says where to go on: no request looks further than its window.
 */
export async function findUsers(db: Reader, account: Within, filters: UserFilters): Promise<UserPage> {
  const found = await walk(db, account, filters)
  if (found.length > PAGE_SIZE) return fullPage(found)
  const windowEnd = await endOfWindow(db, account, filters)
  if (windowEnd === null) return fullPage(found)
  if (await isRareTerm(db, account, filters, found))
    return fullPage(await searchTrigrams(db, account, filters))
  return { ids: found, next: windowEnd, lookedAt: WINDOW }
}

async function isRareTerm(
  db: Reader,
  account: Within,
  filters: UserFilters,
  found: string[],
): Promise<boolean> {
  const { q, role, mfa } = filters
  if (q.length < TRIGRAM) return false
  const matching =
    role === '' && mfa === '' ? found : await walk(db, account, { ...filters, role: '', mfa: '' })
  return matching.length <= PAGE_SIZE
}

function fullPage(found: string[]): UserPage {
  const ids = found.slice(0, PAGE_SIZE)
  return { ids, next: found.length > PAGE_SIZE ? (ids.at(-1) ?? null) : null, lookedAt: null }
}

async function walk(db: Reader, account: Within, filters: UserFilters): Promise<string[]> {
  const window = db
    .select({ id: users.id, sortName: sortName.as('sort_name'), text: searchedText.as('searched_text') })
    .from(users)
    .where(and(ofAccount(account, filters), beyond(sortName, account, filters)))
    .orderBy(sortName, asc(users.id))
    .limit(WINDOW)
    .as('walked')
  const rows = await db
    .select({ id: window.id })
    .from(window)
    .where(
      and(filters.q === '' ? undefined : contains(window.text, filters.q), fits(window.id, account, filters)),
    )
    .orderBy(asc(window.sortName), asc(window.id))
    .limit(PAGE_SIZE + 1)
  return rows.map(({ id }) => id)
}

/** The user the window ends with; null if it holds everybody who is left. */
async function endOfWindow(db: Reader, account: Within, filters: UserFilters): Promise<string | null> {
  const [end] = await db
    .select({ id: users.id })
    .from(users)
    .where(and(ofAccount(account, filters), beyond(sortName, account, filters)))
    .orderBy(sortName, asc(users.id))
    .offset(WINDOW - 1)
    .limit(1)
  return end?.id ?? null
}

async function searchTrigrams(db: Reader, account: Within, filters: UserFilters): Promise<string[]> {
  // Written so that no index has this order: else PostgreSQL may walk the one that was just walked in vain.
  const sortedAside = sql<string>`(${sortName} || '')`
  const rows = await db
    .select({ id: users.id })
    .from(users)
    .where(
      and(
        ofAccount(account, filters),
        contains(searchedText, beforeDomain(filters.q)),
        contains(sql`(${searchedText} || '')`, filters.q),
        beyond(sortedAside, account, filters),
        fits(users.id, account, filters),
      ),
    )
    .orderBy(sortedAside, asc(users.id))
    .limit(PAGE_SIZE + 1)
  return rows.map(({ id }) => id)
}

/** Of an e-mail address the index is asked for the part before the domain: that one stands in all addresses of an account. */
function beforeDomain(term: string): string {
  const at = term.indexOf('@')
  return at < TRIGRAM ? term : term.slice(0, at)
}

function ofAccount(account: Within, { status }: UserFilters): SQL | undefined {
  // Whose invitation was withdrawn is nobody any more.
  const shown = status === '' ? ne(users.status, 'withdrawn') : eq(users.status, status)
  return and(eq(users.clientId, account.id), shown)
}

/** Beyond the last user of the page before; nobody's place in another account can be asked for. */
function beyond(order: SQL, account: Within, { after }: UserFilters): SQL | undefined {
  if (after === '') return undefined
  return sql`(${order}, ${users.id}) > (
    select lower(last.name), last.id from users last where last.id = ${after} and last.client_id = ${account.id}
  )`
}

/**
 * The filters whose answer is in other tables. Scalar subqueries, which are asked user by user: PostgreSQL
 * would make a join over everybody of anything else.
 */
function fits(userId: SQLWrapper, account: Within, { role, mfa }: UserFilters): SQL | undefined {
  return and(
    role === '' ? undefined : holdsRoleGroup(userId, role),
    mfa === '' ? undefined : sql`${isEnrolled(userId)} is ${mfa === 'enrolled' ? sql`not null` : sql`null`}`,
    mfa === 'required-missing' && !account.isPlatform ? requiresMfa(userId, account) : undefined,
  )
}

function holdsRoleGroup(userId: SQLWrapper, key: string): SQL {
  return sql`(
    select true from ${memberships}
    where ${memberships.userId} = ${userId}
      and ${memberships.roleGroupId} = (select ${roleGroups.id} from ${roleGroups} where ${roleGroups.key} = ${key})
  )`
}

function isEnrolled(userId: SQLWrapper): SQL {
  return sql`(
    select true from ${authenticators}
    where ${authenticators.userId} = ${userId} and ${authenticators.status} = 'active'
  )`
}

/** As gate/facts.ts has it: any role group requires it, or there is none. */
function requiresMfa(userId: SQLWrapper, account: Within): SQL {
  return sql`coalesce((
    select bool_or(${mfaPolicies.clientId} is not null) from ${memberships}
    left join ${mfaPolicies} on ${mfaPolicies.clientId} = ${account.id}
      and ${mfaPolicies.roleGroupId} = ${memberships.roleGroupId}
    where ${memberships.userId} = ${userId}
  ), true)`
}
