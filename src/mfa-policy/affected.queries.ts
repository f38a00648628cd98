import { and, asc, eq, ne, type SQL, sql } from 'drizzle-orm'
import type { Reader } from '../db/client.ts'
import { authenticators } from '../db/schema/authenticators.ts'
import { memberships } from '../db/schema/role-groups.ts'
import { users } from '../db/schema/users.ts'
import { uuidArray } from '../db/uuid-array.ts'
import { sortName } from '../users/user-lists.queries.ts'

/** As many users of an account are looked at, no more. */
const LOOKED_AT = 10_000

/** Whom a change of the MFA policy concerns. Disabled users do not count. */
export interface Affected {
  /** Of whom MFA becomes required, and how many of them have no authenticator. */
  required: { people: number; notEnrolled: number }
  /** Of whom it is no longer required, and how many of them have no authenticator. */
  released: { people: number; notEnrolled: number }
  /** The account is larger than what was looked at: there may be more. */
  countedInPart: boolean
}

/** Counts whom it concerns when MFA is required of the role groups `next` (ids) instead of `current`. */
export async function readAffected(
  db: Reader,
  clientId: string,
  { current, next }: { current: readonly string[]; next: readonly string[] },
): Promise<Affected> {
  const counted = db
    .select({ id: users.id, sortName: sortName.as('sort_name') })
    .from(users)
    .where(and(eq(users.clientId, clientId), ne(users.status, 'disabled')))
    .orderBy(sortName, asc(users.id))
    .limit(LOOKED_AT + 1)
    .as('counted')
  const holdsOneOf = (ids: readonly string[]): SQL =>
    sql`bool_or(${memberships.roleGroupId} = any(${uuidArray(ids)}))`
  // Somebody without a role group has MFA required as it is (gate/facts.ts): no policy changes that.
  const [row] = await db.execute<
    Record<'counted' | 'newly' | 'newlyOpen' | 'freed' | 'freedOpen', number>
  >(sql`
    select count(*)::int as counted,
      count(*) filter (where not before and after)::int as newly,
      count(*) filter (where not before and after and not enrolled)::int as "newlyOpen",
      count(*) filter (where before and not after)::int as freed,
      count(*) filter (where before and not after and not enrolled)::int as "freedOpen"
    from ${counted}
    cross join lateral (
      select coalesce(${holdsOneOf(current)}, true) as before, coalesce(${holdsOneOf(next)}, true) as after
      from ${memberships} where ${memberships.userId} = counted.id
    ) held
    cross join lateral (
      select exists (
        select from ${authenticators}
        where ${authenticators.userId} = counted.id and ${authenticators.status} = 'active'
      ) and before <> after as enrolled
    ) proven`)
  if (!row) throw new Error('counting returned no row')
  return {
    required: { people: row.newly, notEnrolled: row.newlyOpen },
    released: { people: row.freed, notEnrolled: row.freedOpen },
    countedInPart: row.counted > LOOKED_AT,
  }
}
