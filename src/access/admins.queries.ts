import { and, eq, or, type SQL } from 'drizzle-orm'
import type { Person } from '../gate/facts.ts'
import { isHelpedByDesk } from '../gate/helper-of.ts'
import type { Reader } from '../platform/db/client.ts'
import { listings } from '../platform/db/schema/listings.ts'
import { roleGroups } from '../platform/db/schema/role-groups.ts'

const { isAdmin, isServiceDesk, isOperator } = roleGroups

export function adminsOf(db: Reader, clientId: string): Promise<string[]> {
  return holdersOf(db, clientId, eq(isAdmin, true))
}

/** Ids of the active agents of the Service Desk. */
export function agentsOf(db: Reader): Promise<string[]> {
  return holdersOf(db, null, eq(isServiceDesk, true))
}

/** Ids of an account's active Admins; in the platform account of its agents and Operators. */
export function administratorsOf(db: Reader, clientId: string): Promise<string[]> {
  const administers = or(eq(isAdmin, true), eq(isServiceDesk, true), eq(isOperator, true))
  return holdersOf(db, clientId, administers)
}

/**
 * Ids of those who unlock or reset a person, without the person: the account's Admins; the Service Desk for Admins, for
 * people of the platform, and where there is no active Admin.
 */
export async function helpersOf(db: Reader, person: Person): Promise<string[]> {
  const admins = isHelpedByDesk(person) ? [] : await adminsOf(db, person.clientId)
  const helpers = admins.length > 0 ? admins : await agentsOf(db)
  return helpers.filter((id) => id !== person.id)
}

async function holdersOf(db: Reader, clientId: string | null, these: SQL | undefined): Promise<string[]> {
  const rows = await db
    .selectDistinct({ id: listings.userId })
    .from(roleGroups)
    .innerJoin(
      listings,
      and(
        eq(listings.listedUnder, roleGroups.id),
        clientId === null ? undefined : eq(listings.clientId, clientId),
        eq(listings.status, 'active'),
      ),
    )
    .where(these)
  return rows.map(({ id }) => id)
}
