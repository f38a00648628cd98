// The filters of the users page as a condition about one user.
import { and, eq, inArray, isNull, lte, or, type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import type { Account } from '../access/accounts.queries.ts'
import { listings } from '../platform/db/schema/listings.ts'
import { memberships, mfaPolicies, roleGroups } from '../platform/db/schema/role-groups.ts'
import { type Narrowed, statusesOf } from './list-parts.ts'

/** An account, at the time at which the list is true. */
export type Within = Pick<Account, 'id' | 'isPlatform'> & { now: Date }

export function isNarrowed({ role, mfa, status }: Narrowed): boolean {
  return role !== '' || mfa !== '' || status !== ''
}

export function listedUnderRole(key: string): SQL {
  return sql`(select ${roleGroups.id} from ${roleGroups} where ${roleGroups.key} = ${key})`
}

export function filtersByRequirement({ isPlatform }: Within, { mfa }: Narrowed): boolean {
  return mfa === 'not-required' || (mfa === 'required-missing' && !isPlatform)
}

/** Undefined without filters. */
export function matchesFilters(userId: SQLWrapper, account: Within, filters: Narrowed): SQL | undefined {
  if (!isNarrowed(filters)) return undefined
  const { role, mfa } = filters
  const statuses = statusesOf(filters)
  const listed = sql`(
    select true from ${listings} where ${and(
      sql`${listings.userId} = ${userId}`,
      sql`${listings.listedUnder} = ${role === '' ? sql`${account.id}::uuid` : listedUnderRole(role)}`,
      mfa === '' ? undefined : eq(listings.enrolled, mfa === 'enrolled'),
      statuses.length === 0 ? sql`false` : inArray(listings.status, statuses),
    )}
  )`
  if (!filtersByRequirement(account, filters)) return listed
  const required = mfaRequiredInSql(userId, account)
  return and(listed, mfa === 'not-required' ? sql`not ${required}` : required)
}

/** The rule of `mfaRequired` in gate/mfa-required.ts: any role group requires it by now, or the user has none. */
export function mfaRequiredInSql(userId: SQLWrapper, { id, isPlatform, now }: Within): SQL<boolean> {
  if (isPlatform) return sql<boolean>`true`
  return sql<boolean>`coalesce((
    select bool_or(${mfaPolicies.clientId} is not null and ${or(isNull(mfaPolicies.startsAt), lte(mfaPolicies.startsAt, now))}) from ${memberships}
    left join ${mfaPolicies} on ${mfaPolicies.clientId} = ${id}
      and ${mfaPolicies.roleGroupId} = ${memberships.roleGroupId}
    where ${memberships.userId} = ${userId}
  ), true)`
}
