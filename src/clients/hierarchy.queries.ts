import { inArray, sql } from 'drizzle-orm'
import type { Relation } from '../access/rules.ts'
import type { Reader } from '../db/client.ts'
import { clients } from '../db/schema/clients.ts'

/** How `clientId` lies to `ownId` in the hierarchy of client accounts. */
export async function relationOf(db: Reader, ownId: string, clientId: string): Promise<Relation> {
  if (ownId === clientId) return 'own'
  const above = await db
    .select({ id: clients.id })
    .from(clients)
    .where(sql`${clients.id} = ${ownId} and ${clients.id} in (
      with recursive ancestors(id) as (
        select parent_id from clients where id = ${clientId}
        union
        select c.parent_id from clients c join ancestors a on c.id = a.id
      )
      select id from ancestors
    )`)
    .prepare('relation_of')
    .execute()
  return above.length > 0 ? 'child' : 'elsewhere'
}

/** Which of these accounts are `ownId` or lie below it. */
export async function withinSubtree(
  db: Reader,
  ownId: string,
  clientIds: readonly string[],
): Promise<Set<string>> {
  if (clientIds.length === 0) return new Set()
  const rows = await db
    .select({ id: clients.id })
    .from(clients)
    .where(
      sql`${inArray(clients.id, [...clientIds])} and ${ownId}::uuid in (
        with recursive ancestors(id, parent_id) as (
          select c.id, c.parent_id from clients c where c.id = ${clients.id}
          union
          select c.id, c.parent_id from clients c join ancestors a on c.id = a.parent_id
        )
        select id from ancestors
      )`,
    )
  return new Set(rows.map(({ id }) => id))
}
