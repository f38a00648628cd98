import { and, asc, eq, gt, isNotNull, ne, sql } from 'drizzle-orm'
import { validate as isUuid } from 'uuid'
import type { Reader } from '../platform/db/client.ts'
import { bulkActPeople, bulkActs } from '../platform/db/schema/bulk-acts.ts'
import { users } from '../platform/db/schema/users.ts'
import type { BulkAct } from '../users/bulk-choices.ts'
import type { PersonProblem } from './words.ts'

type Row = typeof bulkActs.$inferSelect
export type StoredBulkAct = Pick<Row, 'id' | 'clientId' | 'list' | 'status'> & BulkAct

/** A bulk act of this user's own; null for any other. */
export async function readBulkAct(
  db: Reader,
  bulkActId: string,
  userId: string,
): Promise<StoredBulkAct | null> {
  if (!isUuid(bulkActId)) return null
  const { id, clientId, list, status, roleGroup } = bulkActs
  const [row] = await db
    .select({ id, clientId, list, status, roleGroup, kind: sql<BulkAct['kind']>`${bulkActs.kind}` })
    .from(bulkActs)
    .where(and(eq(id, bulkActId), eq(bulkActs.requestedBy, userId)))
  return row ?? null
}

export async function countPeople(db: Reader, bulkActId: string) {
  const { outcome } = bulkActPeople
  const number = (condition: ReturnType<typeof sql>) =>
    sql<number>`(count(*) filter (where ${condition}))::int`
  const [counts] = await db
    .select({
      all: sql<number>`count(*)::int`,
      open: number(sql`${outcome} is null`),
      done: number(sql`${outcome} = 'done'`),
      refused: number(sql`${outcome} <> 'done'`),
    })
    .from(bulkActPeople)
    .where(eq(bulkActPeople.bulkActId, bulkActId))
  if (!counts) throw new Error('count returned no row')
  return counts
}

export function readPeople(
  db: Reader,
  bulkActId: string,
  { after, refusedOnly, limit }: { after: number; refusedOnly: boolean; limit: number },
) {
  const { line, outcome } = bulkActPeople
  const refused = and(isNotNull(outcome), ne(outcome, 'done'))
  return db
    .select({
      line,
      userId: users.id,
      name: users.name,
      email: users.email,
      outcome: sql<'done' | PersonProblem | null>`${outcome}`,
    })
    .from(bulkActPeople)
    .innerJoin(users, eq(users.id, bulkActPeople.userId))
    .where(and(eq(bulkActPeople.bulkActId, bulkActId), gt(line, after), refusedOnly ? refused : undefined))
    .orderBy(asc(line))
    .limit(limit)
}
