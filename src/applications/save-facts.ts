import { and, eq, inArray, ne, or, sql } from 'drizzle-orm'
import type { Transaction } from '../platform/db/client.ts'
import { applicationRoleGroups, applications } from '../platform/db/schema/applications.ts'
import { roleGroups } from '../platform/db/schema/role-groups.ts'
import type { ApplicationFacts, ApplicationProblems } from './application-form.ts'

/** What another application has already. Locks the names and hosts of all applications. `except`: an id. */
export async function findTaken(
  tx: Transaction,
  { name, host }: Pick<ApplicationFacts, 'name' | 'host'>,
  except?: string,
): Promise<ApplicationProblems | null> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('application names and hosts', 0))`)
  const isName = sql<boolean>`lower(${applications.name}) = lower(${name})`
  const isHost = host === null ? undefined : eq(applications.host, host)
  const taken = await tx
    .select({ isName })
    .from(applications)
    .where(and(or(isName, isHost), except === undefined ? undefined : ne(applications.id, except)))
  if (taken.length === 0) return null
  return {
    ...(taken.some((other) => other.isName) && { name: 'There is already an application with this name.' }),
    ...(taken.some((other) => !other.isName) && {
      address: 'There is already an application with this host.',
    }),
  }
}

/** Sets the role groups that an application admits. */
export async function saveRoleGroups(
  tx: Transaction,
  applicationId: string,
  keys: readonly string[],
): Promise<void> {
  const wanted = await tx
    .select({ roleGroupId: roleGroups.id })
    .from(roleGroups)
    .where(inArray(roleGroups.key, [...keys]))
  await tx.delete(applicationRoleGroups).where(eq(applicationRoleGroups.applicationId, applicationId))
  await tx
    .insert(applicationRoleGroups)
    .values(wanted.map(({ roleGroupId }) => ({ applicationId, roleGroupId })))
}
