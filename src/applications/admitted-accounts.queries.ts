import { and, asc, eq, inArray, isNotNull, sql } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { contains } from '../platform/db/like.ts'
import { applicationClients } from '../platform/db/schema/applications.ts'
import { clients } from '../platform/db/schema/clients.ts'

/** A form takes at most 50 fields. */
export const ACCOUNTS_A_PAGE = 40

const sortName = sql<string>`lower(${clients.name})`

export interface AccountChoice {
  id: string
  name: string
  admitted: boolean
}

/** A page of client accounts by name: those of `q`, else those that the application admits. */
export async function listAccountChoices(
  db: Reader,
  applicationId: string,
  { q, after }: { q: string; after: string },
): Promise<{ accounts: AccountChoice[]; next: string | null }> {
  const rows = await selectAccountChoices(db, applicationId)
    .where(
      and(
        q === '' ? isNotNull(applicationClients.clientId) : contains(sortName, q),
        after === ''
          ? undefined
          : sql`(${sortName}, ${clients.id}) > (select lower(last.name), last.id from clients last where last.id = ${after})`,
      ),
    )
    .orderBy(sortName, asc(clients.id))
    .limit(ACCOUNTS_A_PAGE + 1)
  const accounts = rows.slice(0, ACCOUNTS_A_PAGE)
  return { accounts, next: rows.length > ACCOUNTS_A_PAGE ? (accounts.at(-1)?.id ?? null) : null }
}

/** Those of these accounts that exist, and whether the application admits them. */
export function readAccountChoices(
  db: Reader,
  applicationId: string,
  ids: readonly string[],
): Promise<AccountChoice[]> {
  if (ids.length === 0) return Promise.resolve([])
  return selectAccountChoices(db, applicationId)
    .where(inArray(clients.id, [...ids]))
    .orderBy(sortName)
}

function selectAccountChoices(db: Reader, applicationId: string) {
  return db
    .select({
      id: clients.id,
      name: clients.name,
      admitted: sql<boolean>`${applicationClients.clientId} is not null`,
    })
    .from(clients)
    .leftJoin(
      applicationClients,
      and(eq(applicationClients.clientId, clients.id), eq(applicationClients.applicationId, applicationId)),
    )
}
