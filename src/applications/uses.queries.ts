import { asc, count, desc, eq, max, min } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { applications, applicationUses } from '../platform/db/schema/applications.ts'
import { users } from '../platform/db/schema/users.ts'

const SHOWN = 100

/** A subquery: how many people used each application, and when. */
export function usesByApplication(db: Reader) {
  return db
    .select({
      applicationId: applicationUses.applicationId,
      people: count().as('people'),
      firstUsedAt: min(applicationUses.firstUsedAt).as('first_used_at'),
      lastUsedAt: max(applicationUses.lastUsedAt).as('last_used_at'),
    })
    .from(applicationUses)
    .groupBy(applicationUses.applicationId)
    .as('uses')
}

/** The applications that people of a client account have used. */
export function readUsesOfAccount(db: Reader, clientId: string) {
  return db
    .select({
      id: applications.id,
      name: applications.name,
      icon: applications.icon,
      address: applications.address,
      disabledAt: applications.disabledAt,
      people: count(),
      firstUsedAt: min(applicationUses.firstUsedAt),
      lastUsedAt: max(applicationUses.lastUsedAt),
    })
    .from(applicationUses)
    .innerJoin(users, eq(users.id, applicationUses.userId))
    .innerJoin(applications, eq(applications.id, applicationUses.applicationId))
    .where(eq(users.clientId, clientId))
    .groupBy(applications.id)
    .orderBy(asc(applications.name))
    .limit(SHOWN)
}

/** The applications that one person has used, the last used first. */
export function readUsesOfPerson(db: Reader, userId: string) {
  return db
    .select({
      name: applications.name,
      icon: applications.icon,
      firstUsedAt: applicationUses.firstUsedAt,
      lastUsedAt: applicationUses.lastUsedAt,
    })
    .from(applicationUses)
    .innerJoin(applications, eq(applications.id, applicationUses.applicationId))
    .where(eq(applicationUses.userId, userId))
    .orderBy(desc(applicationUses.lastUsedAt))
    .limit(SHOWN)
}
