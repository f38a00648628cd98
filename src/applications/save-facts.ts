import { and, eq, inArray, ne, or, type SQLWrapper, sql } from 'drizzle-orm'
import type { Transaction } from '../platform/db/client.ts'
import { applicationRoleGroups, applications } from '../platform/db/schema/applications.ts'
import { roleGroups } from '../platform/db/schema/role-groups.ts'
import type { ApplicationFacts, ApplicationProblems } from './application-form.ts'

const SAME_HOST = 'There is already an application with this host.'
const OTHER_PORT =
  'There is already an application at another port of this host. Browsers send a cookie to every port, so the two would get each other’s passes. Give this one a host name of its own.'

/** What another application has already. Locks the names and hosts of all applications. `except`: an id. */
export async function findTaken(
  tx: Transaction,
  { name, host }: Pick<ApplicationFacts, 'name' | 'host'>,
  except?: string,
): Promise<ApplicationProblems | null> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('application names and hosts', 0))`)
  const isName = sql<boolean>`lower(${applications.name}) = lower(${name})`
  const sharesHost = host === null ? undefined : eq(withoutPort(applications.host), withoutPort(sql`${host}`))
  const taken = await tx
    .select({ isName, host: applications.host, sharesHost: sharesHost ?? sql<boolean>`false` })
    .from(applications)
    .where(and(or(isName, sharesHost), except === undefined ? undefined : ne(applications.id, except)))
  if (taken.length === 0) return null
  const [atHost] = taken.filter((other) => other.sharesHost)
  return {
    ...(taken.some((other) => other.isName) && { name: 'There is already an application with this name.' }),
    ...(atHost && { address: atHost.host === host ? SAME_HOST : OTHER_PORT }),
  }
}

function withoutPort(host: SQLWrapper) {
  return sql<string>`regexp_replace(${host}, ':[0-9]+$', '')`
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
