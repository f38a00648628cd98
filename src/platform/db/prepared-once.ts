import { type SQL, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type { Reader } from './client.ts'

/**
 * Builds a query with placeholders once for each database it is asked on, instead of once a call: the hot path
 * spends more time on building SQL than on sending it. A transaction counts as a database of its own. What it is executed
 * with is not checked by the types: it needs a value for each placeholder, null where there is none.
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

/** A placeholder for what an UPDATE sets, where a bare one is not taken. An instant must not be null. */
export function given(name: string, column: PgColumn): SQL {
  return sql`${sql.param(sql.placeholder(name), column)}`
}

/** A placeholder whose value arrives as it is: the encoder of a column of instants would trip over null. */
export function asIs(name: string): SQL {
  return sql`${sql.placeholder(name)}`
}
