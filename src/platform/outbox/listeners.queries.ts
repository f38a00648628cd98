import { sql } from 'drizzle-orm'
import type { Reader } from '../db/client.ts'

export const LISTENER_NAME = 'portcullis-relay'

/** Without a listening relay, jobs start up to 30 s late. */
export async function countListeners(db: Reader): Promise<number> {
  const [row] = await db.execute<{ count: number }>(sql`
    select count(*)::int as count from pg_stat_activity
    where application_name = ${LISTENER_NAME} and datname = current_database()`)
  if (!row) throw new Error('a count is always a row')
  return row.count
}
