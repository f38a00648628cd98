// Lists of an account's users that an index holds in the order of names: all of them, or those that match filters.
import { and, eq, ne, type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import type { Account } from '../access/accounts.queries.ts'
import type { Reader } from '../platform/db/client.ts'
import { headcounts, listings, UNDER_NO_ROLE_GROUP } from '../platform/db/schema/listings.ts'
import { memberships, mfaPolicies, roleGroups } from '../platform/db/schema/role-groups.ts'
import { searchedText, users } from '../platform/db/schema/users.ts'
import type { UserFilters } from './user-filters.ts'

/** The order of lists of people, whatever the collation of the database. */
export const sortName = sql<string>`lower(${users.name}) collate "C"`
/** A withdrawn invitation leaves a row in `users`, but none in `listings`. */
export const notWithdrawn = ne(users.status, 'withdrawn')

const STATUSES = ['invited', 'active', 'disabled'] as const

export interface Place {
  id: string
  sortName: string
}

export type Within = Pick<Account, 'id' | 'isPlatform'>
type UserStatus = (typeof STATUSES)[number]
type Narrowed = Pick<UserFilters, 'role' | 'mfa' | 'status'>

interface Wanted {
  beyond: Place | null
  most: number
  where: (name: SQLWrapper) => SQL | undefined
}

export interface UserList {
  /** Selects id, sort_name and maybe text, in the order of an index. */
  rows: (wanted: Wanted) => SQL
  /** The searched text of a row named `scanned`. */
  text: SQL
  /** A condition that the index does not answer, about a row named `scanned`. */
  test: SQL | undefined
}

export async function userList(db: Reader, account: Within, filters: Narrowed): Promise<UserList> {
  if (!isNarrowed(filters))
    return { rows: (wanted) => allUsers(account, wanted), text: sql`scanned.text`, test: undefined }

  const { mfa, status } = filters
  const { lists, test } = await listsFor(db, account, filters)
  const stretches = lists.flatMap((under) =>
    (mfa === '' ? [true, false] : [mfa === 'enrolled']).flatMap((enrolled) =>
      (status === '' ? STATUSES : [status]).map((is) => ({ under, enrolled, status: is })),
    ),
  )
  return {
    rows: (wanted) =>
      // PostgreSQL merges the ordered lists only as far as needed. A user with several role groups is in several.
      sql`select ${lists.length > 1 ? sql`distinct` : sql``} sort_name, id
        from (${sql.join(
          stretches.map((which) => stretch(account, which, wanted)),
          sql` union all `,
        )}) stretches
        order by sort_name, id limit ${wanted.most}`,
    // Conditions in the order of the index of names, which also holds the address.
    text: sql`(
      select ${searchedText} from ${users}
      where ${users.clientId} = ${account.id} and ${sortName} = scanned.sort_name and ${users.id} = scanned.id
    )`,
    test,
  }
}

function allUsers(account: Within, { beyond, where, most }: Wanted): SQL {
  return sql`select ${users.id} as id, ${sortName} as sort_name, ${searchedText} as text from ${users}
    where ${and(eq(users.clientId, account.id), notWithdrawn, isBeyond(sortName, users.id, beyond), where(sortName))}
    order by ${sortName}, ${users.id} limit ${most}`
}

function stretch(
  account: Within,
  { under, enrolled, status }: { under: SQL; enrolled: boolean; status: UserStatus },
  { beyond, where, most }: Wanted,
): SQL {
  const fits = and(
    eq(listings.clientId, account.id),
    sql`${listings.listedUnder} = ${under}`,
    eq(listings.enrolled, enrolled),
    eq(listings.status, status),
    isBeyond(listings.sortName, listings.userId, beyond),
    where(listings.sortName),
  )
  return sql`(select ${listings.userId} as id, ${listings.sortName} as sort_name from ${listings} where ${fits}
    order by ${listings.sortName}, ${listings.userId} limit ${most})`
}

/** The lists that contain every match, and the condition that remains. */
async function listsFor(
  db: Reader,
  account: Within,
  filters: Narrowed,
): Promise<{ lists: SQL[]; test?: SQL }> {
  const { role } = filters
  const ofRole = listedUnderRole(role)
  if (!filtersByRequirement(account, filters))
    return { lists: [role === '' ? sql`${account.id}::uuid` : ofRole] }

  const requirements = await db
    .select({ id: roleGroups.id, key: roleGroups.key })
    .from(mfaPolicies)
    .innerJoin(roleGroups, eq(roleGroups.id, mfaPolicies.roleGroupId))
    .where(eq(mfaPolicies.clientId, account.id))
  const required = requirements.map(({ id }) => sql`${id}::uuid`)
  if (role === '') return { lists: [sql`${UNDER_NO_ROLE_GROUP}::uuid`, ...required] }
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

function isNarrowed({ role, mfa, status }: Narrowed): boolean {
  return role !== '' || mfa !== '' || status !== ''
}

function listedUnderRole(key: string): SQL {
  return sql`(select ${roleGroups.id} from ${roleGroups} where ${roleGroups.key} = ${key})`
}

function filtersByRequirement({ isPlatform }: Within, { mfa }: Narrowed): boolean {
  return mfa === 'required-missing' && !isPlatform
}

function isBeyond(name: SQLWrapper, userId: SQLWrapper, place: Place | null): SQL | undefined {
  return place ? sql`(${name}, ${userId}) > (${place.sortName}, ${place.id}::uuid)` : undefined
}

/** The filters as a condition about one user, for a search that reads no list. */
export function matchesFilters(userId: SQLWrapper, account: Within, filters: Narrowed): SQL | undefined {
  const { role, mfa, status } = filters
  const listed = sql`(
    select true from ${listings} where ${and(
      sql`${listings.userId} = ${userId}`,
      sql`${listings.listedUnder} = ${role === '' ? sql`${account.id}::uuid` : listedUnderRole(role)}`,
      mfa === '' ? undefined : eq(listings.enrolled, mfa === 'enrolled'),
      status === '' ? undefined : eq(listings.status, status),
    )}
  )`
  return and(
    isNarrowed(filters) ? listed : undefined,
    filtersByRequirement(account, filters) ? requiresMfa(userId, account) : undefined,
  )
}

/** How many users match the filters. For `required-missing` an upper bound: all users not enrolled. */
export async function countMatching(
  db: Reader,
  account: Within,
  { role, mfa, status }: Narrowed,
): Promise<number> {
  const [row] = await db
    .select({ people: sql<number>`coalesce(sum(${headcounts.people}), 0)::int` })
    .from(headcounts)
    .where(
      and(
        eq(headcounts.clientId, account.id),
        role === '' ? undefined : sql`${listedUnderRole(role)} = any(${headcounts.roleGroupIds})`,
        mfa === '' ? undefined : eq(headcounts.enrolled, mfa === 'enrolled'),
        status === '' ? undefined : eq(headcounts.status, status),
      ),
    )
  return row?.people ?? 0
}

/** The rule of `mfaRequired` in gate/facts.ts: any role group requires it, or the user has none. */
function requiresMfa(userId: SQLWrapper, account: Within): SQL {
  return sql`coalesce((
    select bool_or(${mfaPolicies.clientId} is not null) from ${memberships}
    left join ${mfaPolicies} on ${mfaPolicies.clientId} = ${account.id}
      and ${mfaPolicies.roleGroupId} = ${memberships.roleGroupId}
    where ${memberships.userId} = ${userId}
  ), true)`
}
