import { and, asc, eq, inArray, or, type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { clients } from '../platform/db/schema/clients.ts'
import type { Relation } from './rules.ts'

/** The relation of `clientId` to `ownId` in the hierarchy of client accounts. */
export async function relationOf(db: Reader, ownId: string, clientId: string): Promise<Relation> {
  if (ownId === clientId) return 'own'
  const found = await db
    .select({ id: clients.id })
    .from(clients)
    .where(and(eq(clients.id, ownId), sql`${clients.id} in (${above(sql`${clientId}`)})`))
  return found.length > 0 ? 'child' : 'elsewhere'
}

/** Those of these accounts that are `ownId` or lie below it. */
export async function withinSubtree(
  db: Reader,
  ownId: string,
  clientIds: readonly string[],
): Promise<Set<string>> {
  if (clientIds.length === 0) return new Set()
  const isWithin = or(eq(clients.id, ownId), sql`${ownId}::uuid in (${above(clients.id)})`)
  const rows = await db
    .select({ id: clients.id })
    .from(clients)
    .where(and(inArray(clients.id, [...clientIds]), isWithin))
  return new Set(rows.map(({ id }) => id))
}

/** The ids of the accounts above one. */
export function above(clientId: SQLWrapper): SQL {
  return sql`
    with recursive above(id) as (
      select c.parent_id from clients c where c.id = ${clientId}
      union
      select c.parent_id from clients c join above a on c.id = a.id
    )
    select id from above where id is not null`
}

/** The ids of an account and of those below it. */
export function selfAndBelow(clientId: string): SQL {
  return sql`
    with recursive below(id) as (
      select ${clientId}::uuid
      union
      select c.id from clients c join below b on c.parent_id = b.id
    )
    select id from below`
}

/** An account, then those below it by name. */
export function readSelfAndBelow(
  db: Reader,
  clientId: string,
  most: number,
): Promise<{ id: string; name: string }[]> {
  return db
    .select({ id: clients.id, name: clients.name })
    .from(clients)
    .where(sql`${clients.id} in (${selfAndBelow(clientId)})`)
    .orderBy(sql`${clients.id} <> ${clientId}`, sql`lower(${clients.name})`, asc(clients.id))
    .limit(most)
}
