import type { Sql } from 'postgres'
import { eventually } from './eventually.ts'

/** Waits until exactly `count` statements on this database wait for a lock. */
export async function awaitWaiters(sql: Sql, count = 1): Promise<void> {
  await eventually(`${count} wait for a lock`, async () => {
    const waiting = await sql`
      select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
    return waiting.length === count
  })
}
