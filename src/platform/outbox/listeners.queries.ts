import { sql } from 'drizzle-orm'
import type { Reader } from '../db/client.ts'

/** What the connection of a relay that listens for new work is called in pg_stat_activity. */
export const LISTENER_NAME = 'portcullis-relay'

/** How many relays listen for new work. Where none does, work is found late: a relay looks every 30 s. */
export async function countListeners(db: Reader): Promise<number> {
  const [row] = await db.execute<{ count: number }>(sql`
    select count(*)::int as count from pg_stat_activity
    where application_name = ${LISTENER_NAME} and datname = current_database()`)
  if (!row) throw new Error('a count is always a row')
  return row.count
}
