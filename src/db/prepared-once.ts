import type { Reader } from './client.ts'

/**
 * Builds a query with placeholders once for each database it is asked on, instead of once a call: the hot path
 * spends more time on building SQL than on sending it. A transaction counts as a database of its own, and lasts
 * (`lastingTransactions`).
 */
export function preparedOnce<Query>(build: (db: Reader) => Query): (db: Reader) => Query {
  const built = new WeakMap<Reader, Query>()
  return (db) => {
    const known = built.get(db)
    if (known) return known
    const query = build(db)
    built.set(db, query)
    return query
  }
}
