import { and, asc, eq, gt, isNull, or, sql } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { authenticators } from '../platform/db/schema/authenticators.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { headcounts, listings } from '../platform/db/schema/listings.ts'
import { memberships, mfaPolicies } from '../platform/db/schema/role-groups.ts'
import { users } from '../platform/db/schema/users.ts'
import type { Lacking } from './reminder-times.ts'

const BATCH = 500

export interface LackingPerson extends Lacking {
  id: string
  remindedAt: Date | null
}

/** A person's place in the list of an account. */
export interface Place {
  id: string
  sortName: string
}

/** The accounts in which MFA is required, now or later, of active people who are not enrolled. */
export async function readAccountsLackingMfa(db: Reader): Promise<string[]> {
  const someoneRequired = sql`exists (
    select from ${mfaPolicies}
    where ${mfaPolicies.clientId} = ${clients.id} and ${mfaPolicies.roleGroupId} = any(${headcounts.roleGroupIds})
  )`
  const rows = await db
    .selectDistinct({ id: clients.id })
    .from(clients)
    .innerJoin(headcounts, eq(headcounts.clientId, clients.id))
    .where(
      and(
        isNull(clients.suspendedAt),
        eq(headcounts.enrolled, false),
        eq(headcounts.status, 'active'),
        gt(headcounts.people, 0),
        or(clients.isPlatform, sql`${headcounts.roleGroupIds} = '{}'`, someoneRequired),
      ),
    )
    .orderBy(asc(clients.id))
  return rows.map(({ id }) => id)
}

/** The next active people of an account who are not enrolled, and where to go on; null at the end. */
export async function readLacking(
  db: Reader,
  clientId: string,
  after: Place | null,
): Promise<{ people: LackingPerson[]; next: Place | null }> {
  const rows = await db
    .select({
      id: users.id,
      sortName: listings.sortName,
      remindedAt: users.mfaRemindedAt,
      activatedAt: users.activatedAt,
      ofPlatform: clients.isPlatform,
      resetAt: lastRevoked,
      roleGroups: heldRoleGroups,
    })
    .from(listings)
    .innerJoin(users, eq(users.id, listings.userId))
    .innerJoin(clients, eq(clients.id, listings.clientId))
    .where(
      and(
        eq(listings.clientId, clientId),
        eq(listings.listedUnder, clientId),
        eq(listings.enrolled, false),
        eq(listings.status, 'active'),
        after
          ? sql`(${listings.sortName}, ${listings.userId}) > (${after.sortName}, ${after.id}::uuid)`
          : undefined,
      ),
    )
    .orderBy(asc(listings.sortName), asc(listings.userId))
    .limit(BATCH)
  const people = rows.map(({ sortName: _, roleGroups, ...person }) => ({
    ...person,
    roleGroups: roleGroups.map(({ requiredFrom, grantedAt }) => ({
      requiredFrom: instantOf(requiredFrom),
      grantedAt: instantOf(grantedAt),
    })),
  }))
  return { people, next: rows.length === BATCH ? (rows.at(-1) ?? null) : null }
}

const lastRevoked = sql<Date | null>`(
  select max(${authenticators.revokedAt}) from ${authenticators}
  where ${authenticators.userId} = ${users.id} and ${authenticators.activatedAt} is not null
)`.mapWith(authenticators.revokedAt)

// JSON has no instants.
const heldRoleGroups = sql<{ requiredFrom: string | null; grantedAt: string | null }[]>`(
  select coalesce(json_agg(json_build_object(
    'requiredFrom', coalesce(${mfaPolicies.startsAt}, ${mfaPolicies.createdAt}), 'grantedAt', ${memberships.grantedAt}
  )), '[]'::json)
  from ${memberships}
  left join ${mfaPolicies} on ${mfaPolicies.clientId} = ${users.clientId}
    and ${mfaPolicies.roleGroupId} = ${memberships.roleGroupId}
  where ${memberships.userId} = ${users.id}
)`

function instantOf(text: string | null): Date | null {
  return text === null ? null : new Date(text)
}
