import { and, type SQL, sql } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'
import type { Database } from '../src/platform/db/client.ts'

export const BATCH = 1000

/** Deletes in batches, each in a transaction of its own. Skips rows that are locked: the next run deletes them. */
export async function remove(db: Database, table: PgTable, over: SQL | undefined): Promise<void> {
  const batch = sql`ctid in (select ctid from ${table} where ${over} limit ${BATCH} for update skip locked)`
  await inBatches(() => db.delete(table).where(and(over, batch)))
}

export async function inBatches(change: () => PromiseLike<{ count: number }>): Promise<void> {
  for (let changed = BATCH; changed === BATCH; ) changed = (await change()).count
}
