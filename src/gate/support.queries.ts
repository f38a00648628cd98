import { and, asc, desc, eq, or } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { memberships, roleGroups } from '../platform/db/schema/role-groups.ts'
import { users } from '../platform/db/schema/users.ts'
import type { Person } from './facts.ts'
import { helperOf, isHelpedByDesk, NAMED, namedAdmins } from './helper-of.ts'
import { type Support, supportOf } from './support.ts'

export interface Help {
  /** As it follows 'ask'. */
  helper: string
  support: Support | null
}

/** Only for a person past the password are the names of the account's Admins and its own support contact. */
export async function readHelp(db: Reader, person: Person | null): Promise<Help> {
  const support = await readSupport(db, person?.clientId ?? null)
  if (!person || isHelpedByDesk(person)) return { helper: helperOf(person), support }
  return { helper: namedAdmins(await readAdminNames(db, person), person.clientName), support }
}

/** The support contact of an account, else the platform's; null if neither has one. */
export async function readSupport(db: Reader, clientId: string | null): Promise<Support | null> {
  const { supportText, supportLink, supportPhone, isPlatform } = clients
  const rows = await db
    .select({ text: supportText, link: supportLink, phone: supportPhone })
    .from(clients)
    .where(or(eq(isPlatform, true), clientId === null ? undefined : eq(clients.id, clientId)))
    .orderBy(asc(isPlatform))
  return rows.map(supportOf).find((support) => support !== null) ?? null
}

async function readAdminNames(db: Reader, { clientId }: Person): Promise<string[]> {
  const rows = await db
    .selectDistinct({ id: users.id, name: users.name })
    .from(roleGroups)
    .innerJoin(memberships, eq(memberships.roleGroupId, roleGroups.id))
    .innerJoin(users, and(eq(users.id, memberships.userId), eq(users.status, 'active')))
    .where(and(eq(roleGroups.isAdmin, true), eq(users.clientId, clientId)))
    .orderBy(asc(users.name), desc(users.id))
    .limit(NAMED + 1)
  return rows.map(({ name }) => name)
}
