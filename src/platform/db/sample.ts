import { getTableName, type SQL, sql } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'

/**
 * To select from: some `rows` rows of a table, all of a smaller one, and the same ones as long as it does not change.
 * Whole pages are taken from all over it, so that it costs the same however large it is.
 */
export function sampleOf(table: PgTable, rows: number): SQL {
  return sql`${table} tablesample system ((
    select least(100, ${rows} * 100.0 / greatest(reltuples, 1)) from pg_class where oid = ${getTableName(table)}::regclass
  )) repeatable (0)`
}
