import { and, asc, desc, eq, or } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { clientLogos } from '../platform/db/schema/client-logos.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { memberships, roleGroups } from '../platform/db/schema/role-groups.ts'
import { users } from '../platform/db/schema/users.ts'
import { logoPath, type ShownLogo, type Support, supportOf } from './branding.ts'
import type { Person } from './facts.ts'
import { helperOf, isHelpedByDesk, NAMED, namedAdmins } from './helper-of.ts'

export interface Branding {
  support: Support | null
  logo: ShownLogo | null
}

export interface Help extends Branding {
  /** As it follows 'ask'. */
  helper: string
}

/** Names of Admins, and the account's own support contact and logo, only for a person past the password. */
export async function readHelp(db: Reader, person: Person | null): Promise<Help> {
  const branding = await readBranding(db, person?.clientId ?? null)
  if (!person || isHelpedByDesk(person)) return { helper: helperOf(person), ...branding }
  return { helper: namedAdmins(await readAdminNames(db, person), person.clientName), ...branding }
}

/** Each of them: that of the account, else the platform's; null if neither has one. */
export async function readBranding(db: Reader, clientId: string | null): Promise<Branding> {
  const { id, name, supportText, supportLink, supportPhone, isPlatform } = clients
  const { hash, type, width, height } = clientLogos
  const rows = await db
    .select({
      id,
      name,
      support: { text: supportText, link: supportLink, phone: supportPhone },
      logo: { hash, type, width, height },
    })
    .from(clients)
    .leftJoin(clientLogos, and(eq(clientLogos.clientId, id), eq(clientLogos.state, 'public')))
    .where(or(eq(isPlatform, true), clientId === null ? undefined : eq(id, clientId)))
    .orderBy(asc(isPlatform))
  const support = rows.map((row) => supportOf(row.support)).find((found) => found !== null)
  const [logo] = rows.flatMap((row): ShownLogo[] => {
    if (row.logo === null) return []
    const { width, height } = row.logo
    return [{ src: logoPath(row.logo), alt: row.name, width, height, isOwn: row.id === clientId }]
  })
  return { support: support ?? null, logo: logo ?? null }
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
