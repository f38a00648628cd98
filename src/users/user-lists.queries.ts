// The lists of an account's users that stand in indexes in the order of names: everybody, and whoever fits filters.
import { and, eq, ne, type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import type { Account } from '../access/accounts.queries.ts'
import type { Reader } from '../platform/db/client.ts'
import { headcounts, listings, UNDER_NO_ROLE_GROUP } from '../platform/db/schema/listings.ts'
import { memberships, mfaPolicies, roleGroups } from '../platform/db/schema/role-groups.ts'
import { searchedText, users } from '../platform/db/schema/users.ts'
import type { UserFilters } from './user-filters.ts'

/** What lists of people are in the order of, whatever the database's own language. */
export const sortName = sql<string>`lower(${users.name}) collate "C"`
/** Whoever is to be found at all: a withdrawn invitation leaves a row, and nobody. They have no listings either. */
export const isSomebody = ne(users.status, 'withdrawn')

/** What somebody can be. */
const STATUSES = ['invited', 'active', 'disabled'] as const

/** A user's place in the order. */
export interface Place {
  id: string
  sortName: string
}

type Within = Pick<Account, 'id' | 'isPlatform'>
type UserStatus = (typeof STATUSES)[number]
type Narrowed = Pick<UserFilters, 'role' | 'mfa' | 'status'>

interface Wanted {
  beyond: Place | null
  /** How many at most. */
  most: number
  /** What else is asked of the name. */
  where: (name: SQLWrapper) => SQL | undefined
}

export interface UserList {
  /** Selects id, sort_name and maybe text, in the order of the names as an index has it. */
  rows: (wanted: Wanted) => SQL
  /** The text that terms are searched in, of a row called `walked`. */
  text: SQL
  /** What the list does not answer by itself and is asked of each row called `walked`. */
  test: SQL | undefined
}

/** The list of those who fit the filters. */
export async function listOf(db: Reader, account: Within, filters: Narrowed): Promise<UserList> {
  if (!isNarrowed(filters))
    return { rows: (wanted) => everybody(account, wanted), text: sql`walked.text`, test: undefined }

  const { mfa, status } = filters
  const { lists, test } = await listsFor(db, account, filters)
  const stretches = lists.flatMap((under) =>
    (mfa === '' ? [true, false] : [mfa === 'enrolled']).flatMap((enrolled) =>
      (status === '' ? STATUSES : [status]).map((is) => ({ under, enrolled, status: is })),
    ),
  )
  return {
    rows: (wanted) =>
      // Each in its order, so that PostgreSQL merges them no further than it needs. Whoever holds several role groups
      // stands in several lists.
      sql`select ${lists.length > 1 ? sql`distinct` : sql``} sort_name, id
        from (${sql.join(
          stretches.map((which) => stretch(account, which, wanted)),
          sql` union all `,
        )}) stretches
        order by sort_name, id limit ${wanted.most}`,
    // By what the index of names begins with: it holds the address too, and neighbours of a list are neighbours there.
    text: sql`(
      select ${searchedText} from ${users}
      where ${users.clientId} = ${account.id} and ${sortName} = walked.sort_name and ${users.id} = walked.id
    )`,
    test,
  }
}

function everybody(account: Within, { beyond, where, most }: Wanted): SQL {
  return sql`select ${users.id} as id, ${sortName} as sort_name, ${searchedText} as text from ${users}
    where ${and(eq(users.clientId, account.id), isSomebody, isBeyond(sortName, users.id, beyond), where(sortName))}
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

/** Under what everybody who fits is listed, and what still has to be asked about those who are. */
async function listsFor(
  db: Reader,
  account: Within,
  filters: Narrowed,
): Promise<{ lists: SQL[]; test?: SQL }> {
  const { role } = filters
  const ofRole = listedUnderRole(role)
  if (!asksWhoMust(account, filters)) return { lists: [role === '' ? sql`${account.id}::uuid` : ofRole] }

  const requirements = await db
    .select({ id: roleGroups.id, key: roleGroups.key })
    .from(mfaPolicies)
    .innerJoin(roleGroups, eq(roleGroups.id, mfaPolicies.roleGroupId))
    .where(eq(mfaPolicies.clientId, account.id))
  const required = requirements.map(({ id }) => sql`${id}::uuid`)
  if (role === '') return { lists: [sql`${UNDER_NO_ROLE_GROUP}::uuid`, ...required] }
  if (requirements.some(({ key }) => key === role)) return { lists: [ofRole] }
  // Of whoever holds this role group MFA may be required because they hold another one.
  return { lists: [ofRole], test: required.length === 0 ? sql`false` : isListedUnder(required) }
}

function isListedUnder(lists: readonly SQL[]): SQL {
  return sql`exists (
    select from ${listings}
    where ${listings.userId} = walked.id and ${listings.listedUnder} in (${sql.join([...lists], sql`, `)})
  )`
}

function isNarrowed({ role, mfa, status }: Narrowed): boolean {
  return role !== '' || mfa !== '' || status !== ''
}

function listedUnderRole(key: string): SQL {
  return sql`(select ${roleGroups.id} from ${roleGroups} where ${roleGroups.key} = ${key})`
}

/** In the platform account MFA is required of everybody. */
function asksWhoMust({ isPlatform }: Within, { mfa }: Narrowed): boolean {
  return mfa === 'required-missing' && !isPlatform
}

function isBeyond(name: SQLWrapper, userId: SQLWrapper, place: Place | null): SQL | undefined {
  return place ? sql`(${name}, ${userId}) > (${place.sortName}, ${place.id}::uuid)` : undefined
}

/** The filters, asked about one user: what is found by its text is no list. */
export function fitsFilters(userId: SQLWrapper, account: Within, filters: Narrowed): SQL | undefined {
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
    asksWhoMust(account, filters) ? requiresMfa(userId, account) : undefined,
  )
}

/** How many people fit the filters. For `required-missing` at most so many: whoever is not enrolled counts. */
export async function countFitting(
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

/** As gate/facts.ts has it: any role group requires it, or there is none. */
function requiresMfa(userId: SQLWrapper, account: Within): SQL {
  return sql`coalesce((
    select bool_or(${mfaPolicies.clientId} is not null) from ${memberships}
    left join ${mfaPolicies} on ${mfaPolicies.clientId} = ${account.id}
      and ${mfaPolicies.roleGroupId} = ${memberships.roleGroupId}
    where ${memberships.userId} = ${userId}
  ), true)`
}
