import { type SQL, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type { Reader } from './client.ts'

/**
 * Builds a query once per database or transaction. For hot queries only: building the SQL takes longer than sending it.
 * Types do not check the values: pass one for each placeholder, null if absent.
 */
export function preparedOnce<Query, On extends Reader = Reader>(build: (db: On) => Query): (db: On) => Query {
  const built = new WeakMap<On, Query>()
  return (db) => {
    const known = built.get(db)
    if (known) return known
    const query = build(db)
    built.set(db, query)
    return query
  }
}

/** A placeholder for `set`, with the encoder of the column. Instants must not be null. */
export function given(name: string, column: PgColumn): SQL {
  return sql`${sql.param(sql.placeholder(name), column)}`
}

/** A placeholder without an encoder: that of instants fails on null. */
export function asIs(name: string): SQL {
  return sql`${sql.placeholder(name)}`
}
