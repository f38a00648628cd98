import { getTableName, type SQL, sql } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'

/** About `rows` rows of a table, to select from. Repeatable while the table does not change. */
export function sampleOf(table: PgTable, rows: number): SQL {
  return sql`${table} tablesample system ((
    select least(100, ${rows} * 100.0 / greatest(reltuples, 1)) from pg_class where oid = ${getTableName(table)}::regclass
  )) repeatable (0)`
}
