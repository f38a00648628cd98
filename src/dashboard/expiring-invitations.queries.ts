import { and, asc, eq, gt, isNull, lte } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { invitations } from '../platform/db/schema/links.ts'
import { users } from '../platform/db/schema/users.ts'
import { DAY } from '../platform/time/durations.ts'

const SHOWN = 10
const SOON_MS = 2 * DAY

export interface ExpiringInvitations {
  people: { id: string; name: string; expiresAt: Date }[]
  more: boolean
}

/** The people of an account whose invitation runs out within two days, the next first. */
export async function readExpiringInvitations(
  db: Reader,
  clientId: string,
  now: Date,
): Promise<ExpiringInvitations> {
  const rows = await db
    .select({ id: users.id, name: users.name, expiresAt: invitations.expiresAt })
    .from(invitations)
    .innerJoin(users, eq(users.id, invitations.userId))
    .where(
      and(
        eq(invitations.clientId, clientId),
        isNull(invitations.usedAt),
        isNull(invitations.revokedAt),
        gt(invitations.expiresAt, now),
        lte(invitations.expiresAt, new Date(now.getTime() + SOON_MS)),
        eq(users.status, 'invited'),
      ),
    )
    .orderBy(asc(invitations.expiresAt), asc(users.id))
    .limit(SHOWN + 1)
  return { people: rows.slice(0, SHOWN), more: rows.length > SHOWN }
}
