// Lists of an account's users in the order of an index: all of them, or those that match filters.
import { and, eq, ne, type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import { readRequirementsInForce } from '../gate/requirements.queries.ts'
import type { Reader } from '../platform/db/client.ts'
import { lastSignIns, listings, UNDER_NO_ROLE_GROUP } from '../platform/db/schema/listings.ts'
import { searchedText, users } from '../platform/db/schema/users.ts'
import { uuidArray } from '../platform/db/uuid-array.ts'
import { type Narrowed, statusesOf } from './list-parts.ts'
import {
  filtersByRequirement,
  isNarrowed,
  listedUnderRole,
  matchesFilters,
  type Within,
} from './matches-filters.queries.ts'

/** The order of lists of people, whatever the collation of the database. */
export const sortName = sql<string>`lower(${users.name}) collate "und-x-icu"`
/** A withdrawn invitation leaves a row in `users`, but none in `listings`. */
export const notWithdrawn = ne(users.status, 'withdrawn')

/** A user's place in a list. `key`: the name or the time of the last sign-in, by the order of the list. */
export interface Place {
  id: string
  key: SQLWrapper
}

interface Wanted {
  beyond: Place | null
  backwards: boolean
  most: number
  where: (key: SQLWrapper) => SQL | undefined
}

export interface UserList {
  /** Selects id, key and maybe text, in the order of an index. */
  rows: (wanted: Wanted) => SQL
  /** The searched text of a row named `scanned`. */
  text: SQL
  /** A condition that the index does not answer, about a row named `scanned`. */
  test: SQL | undefined
}

export async function listByName(db: Reader, account: Within, filters: Narrowed): Promise<UserList> {
  if (!isNarrowed(filters))
    return { rows: (wanted) => allUsers(account, wanted), text: sql`scanned.text`, test: undefined }

  const { mfa } = filters
  const { lists, test } = await listsFor(db, account, filters)
  const stretches = lists.flatMap((under) =>
    (mfa === '' ? [true, false] : [mfa === 'enrolled']).flatMap((enrolled) =>
      statusesOf(filters).map((status) => ({ under, enrolled, status })),
    ),
  )
  return {
    rows: (wanted) =>
      // PostgreSQL merges the ordered lists only as far as needed. A user with several role groups is in several.
      sql`select ${lists.length > 1 ? sql`distinct` : sql``} key, id
        from (${sql.join(
          stretches.map((which) => stretch(account, which, wanted)),
          sql` union all `,
        )}) stretches
        ${inOrder(sql`key`, sql`id`, wanted)}`,
    // Conditions in the order of the index of names, which also holds the address.
    text: sql`(
      select ${searchedText} from ${users}
      where ${users.clientId} = ${account.id} and ${sortName} = scanned.key and ${users.id} = scanned.id
    )`,
    test,
  }
}

/** Filters are tested user by user. */
export function listBySignIn(account: Within, filters: Narrowed): UserList {
  const { userId, at, clientId } = lastSignIns
  return {
    rows: (wanted) =>
      sql`select ${userId} as id, ${at} as key from ${lastSignIns}
        where ${and(eq(clientId, account.id), isBeyond(at, userId, wanted))} ${inOrder(at, userId, wanted)}`,
    text: textOfScanned,
    test: matchesFilters(sql`scanned.id`, account, filters),
  }
}

/** A list of few users, such as those who are locked out. */
export function listOfFew(
  ids: readonly string[],
  account: Within,
  filters: Narrowed,
  key: SQLWrapper,
): UserList {
  return {
    rows: (wanted) =>
      sql`select ${users.id} as id, ${key} as key from ${users}
        where ${and(
          sql`${users.id} = any(${uuidArray(ids)})`,
          notWithdrawn,
          isBeyond(key, users.id, wanted),
          wanted.where(key),
        )} ${inOrder(key, users.id, wanted)}`,
    text: textOfScanned,
    test: matchesFilters(sql`scanned.id`, account, filters),
  }
}

const textOfScanned = sql`(select ${searchedText} from ${users} where ${users.id} = scanned.id)`

function allUsers(account: Within, wanted: Wanted): SQL {
  return sql`select ${users.id} as id, ${sortName} as key, ${searchedText} as text from ${users}
    where ${and(
      eq(users.clientId, account.id),
      notWithdrawn,
      isBeyond(sortName, users.id, wanted),
      wanted.where(sortName),
    )} ${inOrder(sortName, users.id, wanted)}`
}

function stretch(
  account: Within,
  {
    under,
    enrolled,
    status,
  }: { under: SQL; enrolled: boolean; status: ReturnType<typeof statusesOf>[number] },
  wanted: Wanted,
): SQL {
  const fits = and(
    eq(listings.clientId, account.id),
    sql`${listings.listedUnder} = ${under}`,
    eq(listings.enrolled, enrolled),
    eq(listings.status, status),
    isBeyond(listings.sortName, listings.userId, wanted),
    wanted.where(listings.sortName),
  )
  return sql`(select ${listings.userId} as id, ${listings.sortName} as key from ${listings} where ${fits}
    ${inOrder(listings.sortName, listings.userId, wanted)})`
}

/** The lists that contain every match, and the condition that remains. */
async function listsFor(
  db: Reader,
  account: Within,
  filters: Narrowed,
): Promise<{ lists: SQL[]; test?: SQL | undefined }> {
  const { role, mfa } = filters
  const ofRole = role === '' ? sql`${account.id}::uuid` : listedUnderRole(role)
  if (!filtersByRequirement(account, filters)) return { lists: [ofRole] }

  const requirements = await readRequirementsInForce(db, [account.id], account.now)
  const required = requirements.map(({ roleGroupId }) => sql`${roleGroupId}::uuid`)
  const underRequired = [sql`${UNDER_NO_ROLE_GROUP}::uuid`, ...required]
  if (mfa === 'not-required') return { lists: [ofRole], test: sql`not ${isListedUnder(underRequired)}` }
  if (role === '') return { lists: underRequired }
  if (requirements.some(({ key }) => key === role)) return { lists: [ofRole] }
  // This role group does not require MFA, but its holders may hold another one that does.
  return { lists: [ofRole], test: required.length === 0 ? sql`false` : isListedUnder(required) }
}

function isListedUnder(lists: readonly SQL[]): SQL {
  return sql`exists (
    select from ${listings}
    where ${listings.userId} = scanned.id and ${listings.listedUnder} in (${sql.join([...lists], sql`, `)})
  )`
}

export function inOrder(
  key: SQLWrapper,
  id: SQLWrapper,
  { backwards, most }: Pick<Wanted, 'backwards' | 'most'>,
): SQL {
  const way = backwards ? sql`desc` : sql`asc`
  return sql`order by ${key} ${way}, ${id} ${way} limit ${most}`
}

export function isBeyond(
  key: SQLWrapper,
  userId: SQLWrapper,
  { beyond, backwards }: Pick<Wanted, 'beyond' | 'backwards'>,
): SQL | undefined {
  if (!beyond) return undefined
  return sql`(${key}, ${userId}) ${backwards ? sql`<` : sql`>`} (${beyond.key}, ${beyond.id}::uuid)`
}
