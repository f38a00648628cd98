import { and, asc, desc, eq, getTableColumns, gt, isNull, or, sql } from 'drizzle-orm'
import { validate as isUuid, NIL } from 'uuid'
import type { Reader } from '../platform/db/client.ts'
import { contains } from '../platform/db/like.ts'
import {
  applicationClients,
  applicationRoleGroups,
  applicationSecrets,
  applications,
} from '../platform/db/schema/applications.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { roleGroups } from '../platform/db/schema/role-groups.ts'
import { users } from '../platform/db/schema/users.ts'
import { usesByApplication } from './uses.queries.ts'

const PAGE_SIZE = 50
const CLIENTS_NAMED = 3

const sortName = sql<string>`lower(${applications.name})`

const rulesOfEntry = {
  clientCount: sql<number>`(
    select count(*)::int from ${applicationClients} where ${applicationClients.applicationId} = ${applications.id}
  )`,
  clientNames: sql<string[]>`array(
    select ${clients.name} from ${applicationClients} join ${clients} on ${clients.id} = ${applicationClients.clientId}
    where ${applicationClients.applicationId} = ${applications.id} order by lower(${clients.name}) limit ${sql.raw(String(CLIENTS_NAMED))}
  )`,
  everyRoleGroup: sql<boolean>`not exists (
    select from ${roleGroups} where ${roleGroups.id} not in (
      select ${applicationRoleGroups.roleGroupId} from ${applicationRoleGroups}
      where ${applicationRoleGroups.applicationId} = ${applications.id}
    )
  )`,
  roleGroupNames: sql<string[]>`array(
    select ${roleGroups.name} from ${applicationRoleGroups}
    join ${roleGroups} on ${roleGroups.id} = ${applicationRoleGroups.roleGroupId}
    where ${applicationRoleGroups.applicationId} = ${applications.id} order by ${roleGroups.rank} desc, ${roleGroups.name}
  )`,
}

/** A page of the applications by name, with how many people used each. */
export async function listApplications(db: Reader, { q, after }: { q: string; after: string }) {
  const uses = usesByApplication(db)
  const { id, name, icon, address, way, everyClient, requiresMfa, disabledAt } = applications
  const rows = await db
    .select({
      ...{ id, name, icon, address, way, everyClient, requiresMfa, disabledAt, ...rulesOfEntry },
      people: uses.people,
      lastUsedAt: uses.lastUsedAt,
    })
    .from(applications)
    .leftJoin(uses, eq(uses.applicationId, applications.id))
    .where(
      and(
        q === '' ? undefined : contains(sortName, q),
        after === ''
          ? undefined
          : sql`(${sortName}, ${id}) > (select lower(last.name), last.id from applications last where last.id = ${after})`,
      ),
    )
    .orderBy(sortName, asc(id))
    .limit(PAGE_SIZE + 1)
  const page = rows.slice(0, PAGE_SIZE)
  return { applications: page, next: rows.length > PAGE_SIZE ? (page.at(-1)?.id ?? null) : null }
}

/** One application. An id that is no UUID finds nothing. */
export async function readApplication(db: Reader, applicationId: string) {
  const uses = usesByApplication(db)
  const [found] = await db
    .select({
      ...getTableColumns(applications),
      ...rulesOfEntry,
      createdByName: users.name,
      people: uses.people,
      firstUsedAt: uses.firstUsedAt,
      lastUsedAt: uses.lastUsedAt,
    })
    .from(applications)
    .leftJoin(users, eq(users.id, applications.createdBy))
    .leftJoin(uses, eq(uses.applicationId, applications.id))
    .where(isApplication(applicationId))
  return found ?? null
}

/** The query for the row of an application, to run with a lock. */
export function applicationById(db: Reader, applicationId: string) {
  return db.select().from(applications).where(isApplication(applicationId))
}

function isApplication(applicationId: string) {
  return eq(applications.id, isUuid(applicationId) ? applicationId : NIL)
}

/** The keys of the role groups that an application admits. */
export async function readAdmittedKeys(db: Reader, applicationId: string): Promise<string[]> {
  const rows = await db
    .select({ key: roleGroups.key })
    .from(applicationRoleGroups)
    .innerJoin(roleGroups, eq(roleGroups.id, applicationRoleGroups.roleGroupId))
    .where(eq(applicationRoleGroups.applicationId, applicationId))
    .orderBy(roleGroups.key)
  return rows.map(({ key }) => key)
}

/** The secrets that are valid at `now`, the newest first. */
export function readValidSecrets(db: Reader, applicationId: string, now: Date) {
  return db
    .select({
      id: applicationSecrets.id,
      createdAt: applicationSecrets.createdAt,
      createdByName: users.name,
      expiresAt: applicationSecrets.expiresAt,
    })
    .from(applicationSecrets)
    .leftJoin(users, eq(users.id, applicationSecrets.createdBy))
    .where(
      and(
        eq(applicationSecrets.applicationId, applicationId),
        or(isNull(applicationSecrets.expiresAt), gt(applicationSecrets.expiresAt, now)),
      ),
    )
    .orderBy(desc(applicationSecrets.id))
}
