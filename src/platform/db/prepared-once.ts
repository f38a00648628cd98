import { type SQL, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type { Reader } from './client.ts'

/** For hot queries, whose SQL takes longer to build than to send. Pass a value or null for each placeholder. */
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

export function given(name: string, column: PgColumn): SQL {
  return sql`${sql.param(sql.placeholder(name), column)}`
}

export function asIs(name: string): SQL {
  return sql`${sql.placeholder(name)}`
}
