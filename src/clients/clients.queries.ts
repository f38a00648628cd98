import { and, asc, eq, inArray, type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import type { Reader } from '../platform/db/client.ts'
import { contains } from '../platform/db/like.ts'
import { clients } from '../platform/db/schema/clients.ts'
import type { ClientRow } from './client-tree.ts'

const PAGE_SIZE = 50

export interface ClientFilters {
  q: string
  after: string
}

export interface ClientPage {
  clients: ClientRow[]
  next: string | null
}

const parents = alias(clients, 'parents')
const sortName = sql<string>`lower(${clients.name})`

const clientColumns = {
  id: clients.id,
  name: clients.name,
  parentId: clients.parentId,
  parentName: parents.name,
  isPlatform: clients.isPlatform,
  suspendedAt: clients.suspendedAt,
}

export async function listClients(db: Reader, { q, after }: ClientFilters): Promise<ClientPage> {
  const rows = await db
    .select(clientColumns)
    .from(clients)
    .leftJoin(parents, eq(parents.id, clients.parentId))
    .where(
      and(
        q === '' ? undefined : contains(sortName, q),
        after === ''
          ? undefined
          : sql`(${sortName}, ${clients.id}) > (select lower(last.name), last.id from clients last where last.id = ${after})`,
      ),
    )
    .orderBy(sortName, asc(clients.id))
    .limit(PAGE_SIZE + 1)
  return pageOf(rows)
}

/** A page of an account and all below it: parents before their children, siblings ordered by name. */
export async function listSubtree(
  db: Reader,
  rootId: string,
  { q, after }: ClientFilters,
): Promise<ClientPage> {
  const rows = await db
    .select(clientColumns)
    .from(clients)
    .innerJoin(subtreeOf(rootId), sql`tree.id = ${clients.id}`)
    .leftJoin(parents, and(eq(parents.id, clients.parentId), sql`${clients.id} <> ${rootId}`))
    .where(
      and(
        q === '' ? undefined : contains(sortName, q),
        after === ''
          ? undefined
          : sql`tree.path > (select path from ${subtreeOf(rootId)} where id = ${after})`,
      ),
    )
    .orderBy(sql`tree.path`)
    .limit(PAGE_SIZE + 1)
  return pageOf(rows)
}

export function listChildren(db: Reader, parentId: string, limit: number): Promise<ClientRow[]> {
  return db
    .select(clientColumns)
    .from(clients)
    .innerJoin(parents, eq(parents.id, clients.parentId))
    .where(eq(clients.parentId, parentId))
    .orderBy(sortName, asc(clients.id))
    .limit(limit)
}

export async function readClients(db: Reader, ids: readonly string[]): Promise<ClientRow[]> {
  if (ids.length === 0) return []
  return db
    .select(clientColumns)
    .from(clients)
    .leftJoin(parents, eq(parents.id, clients.parentId))
    .where(inArray(clients.id, [...ids]))
    .orderBy(sortName, asc(clients.id))
}

/** Support contact and time zone of an account, as their forms start. */
export async function readClientDetails(db: Reader, clientId: string) {
  const { supportText, supportLink, supportPhone, timeZone } = clients
  const [fields] = await db
    .select({ supportText, supportLink, supportPhone, timeZone })
    .from(clients)
    .where(eq(clients.id, clientId))
  return fields
}

function pageOf(rows: ClientRow[]): ClientPage {
  const page = rows.slice(0, PAGE_SIZE)
  return { clients: page, next: rows.length > PAGE_SIZE ? (page.at(-1)?.id ?? null) : null }
}

function subtreeOf(rootId: string): SQL {
  return sql`(
    with recursive below(id, path) as (
      select c.id, array[lower(c.name), c.id::text] from clients c where c.id = ${rootId}
      union all
      select c.id, b.path || lower(c.name) || c.id::text from clients c join below b on c.parent_id = b.id
    )
    select id, path from below
  ) tree`
}
