import { and, desc, eq, gt, isNull, lt, ne, or, type SQL, sql } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { authenticators } from '../platform/db/schema/authenticators.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { listings } from '../platform/db/schema/listings.ts'
import { resetRequests } from '../platform/db/schema/reset-requests.ts'
import { memberships, roleGroups } from '../platform/db/schema/role-groups.ts'
import { users } from '../platform/db/schema/users.ts'
import { DAY } from '../platform/time/durations.ts'

export const REQUEST_LIFE_MS = 7 * DAY

const SHOWN = 50

export interface ResetRequest {
  userId: string
  name: string
  clientName: string
  askedAt: Date
}

export interface ResetRequests {
  requests: ResetRequest[]
  more: boolean
}

/** Spec: "Admins cannot reset MFA for other Admins; such cases require Azupay Service Desk intervention". */
const byServiceDesk = sql<boolean>`(${clients.isPlatform} or exists (
  select from ${memberships} join ${roleGroups} on ${roleGroups.id} = ${memberships.roleGroupId}
  where ${memberships.userId} = ${users.id} and ${roleGroups.isAdmin}
) or not exists (
  select from ${listings} join ${roleGroups} on ${roleGroups.id} = ${listings.listedUnder}
  where ${listings.clientId} = ${clients.id} and ${listings.status} = 'active' and ${roleGroups.isAdmin}
))`

/** The open requests that the Admins of an account deal with. */
export function readRequestsForAdmins(db: Reader, clientId: string, now: Date): Promise<ResetRequests> {
  return readOpen(db, and(eq(resetRequests.clientId, clientId), sql`not ${byServiceDesk}`), now)
}

/** The open requests of Admins, of people of the platform, and of people in accounts without an active Admin. */
export function readRequestsForDesk(db: Reader, now: Date): Promise<ResetRequests> {
  return readOpen(db, byServiceDesk, now)
}

/** All open requests of an account, for those who look at it. */
export function readRequestsOfAccount(db: Reader, clientId: string, now: Date): Promise<ResetRequests> {
  return readOpen(db, eq(resetRequests.clientId, clientId), now)
}

async function readOpen(db: Reader, which: SQL | undefined, now: Date): Promise<ResetRequests> {
  const rows = await db
    .select({
      userId: users.id,
      name: users.name,
      clientName: clients.name,
      askedAt: resetRequests.askedAt,
    })
    .from(resetRequests)
    .innerJoin(users, eq(users.id, resetRequests.userId))
    .innerJoin(clients, eq(clients.id, resetRequests.clientId))
    .innerJoin(authenticators, eq(authenticators.id, resetRequests.authenticatorId))
    .where(and(isOpen(now), which))
    .orderBy(desc(resetRequests.askedAt), resetRequests.userId)
    .limit(SHOWN + 1)
  return { requests: rows.slice(0, SHOWN), more: rows.length > SHOWN }
}

/** A reset, a sign-in with the authenticator and 7 days close a request without a write. */
function isOpen(now: Date): SQL | undefined {
  return and(
    gt(resetRequests.askedAt, new Date(now.getTime() - REQUEST_LIFE_MS)),
    eq(authenticators.status, 'active'),
    or(isNull(authenticators.lastUsedAt), lt(authenticators.lastUsedAt, resetRequests.askedAt)),
    ne(users.status, 'disabled'),
  )
}
