import { type SQLWrapper, sql } from 'drizzle-orm'
import {
  applicationClients,
  applicationRoleGroups,
  applications,
} from '../platform/db/schema/applications.ts'
import { roleGroups } from '../platform/db/schema/role-groups.ts'

// Drizzle leaves the table out where a query has no join, and within the subqueries 'id' would be another one.
const applicationId = sql`${applications}.id`

/** The columns of an Admission, for a person of the client account `clientId`. */
export const admissionColumns = (clientId: SQLWrapper) => ({
  disabled: sql<boolean>`${applications.disabledAt} is not null`,
  clientAdmitted: sql<boolean>`(${applications.everyClient} or exists (
    select from ${applicationClients}
    where ${applicationClients.applicationId} = ${applicationId} and ${applicationClients.clientId} = ${clientId}
  ))`,
  roleGroups: sql<string[]>`array(
    select ${roleGroups.key} from ${applicationRoleGroups}
    join ${roleGroups} on ${roleGroups.id} = ${applicationRoleGroups.roleGroupId}
    where ${applicationRoleGroups.applicationId} = ${applicationId}
  )`,
  requiresMfa: applications.requiresMfa,
})
