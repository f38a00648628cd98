import type { Sql } from 'postgres'
import { eventually } from './eventually.ts'

/** Until so many statements on this database wait for a lock that somebody else holds. */
export function awaitWaiters(sql: Sql, count = 1): Promise<unknown> {
  return eventually(`${count} wait for a lock`, async () => {
    const waiting = await sql`
      select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
    return waiting.length === count
  })
}
