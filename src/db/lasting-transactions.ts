import { PgDialect } from 'drizzle-orm/pg-core'
import { PostgresJsSession, PostgresJsTransaction } from 'drizzle-orm/postgres-js'
import type { Sql, TransactionSql } from 'postgres'
import type { Database, Transaction } from './client.ts'

/**
 * Transactions that take turns on a few lasting objects, where Drizzle makes a new one each time: a query that was
 * built for one (`preparedOnce`) is still there for the next transaction that gets it. There come to be as many as
 * have been open at once. Work has to wait for all that it begins: what it leaves behind when it succeeds is done in
 * some transaction that comes later, as with Drizzle itself.
 */
export function lastingTransactions(sql: Sql): Database['transaction'] {
  const idle: LastingTransaction[] = []
  return async (work, config) => {
    const result = await sql.begin(async (connection) => {
      const lasting = idle.pop() ?? new LastingTransaction()
      lasting.connection = connection
      try {
        if (config) await lasting.tx.setTransaction(config)
        const result = await work(lasting.tx)
        // Only here. Of work that failed some parts may still go on: they must never find themselves in the
        // transaction of somebody else.
        idle.push(lasting)
        return result
      } finally {
        lasting.connection = null
      }
    })
    return result as Awaited<ReturnType<typeof work>>
  }
}

class LastingTransaction {
  connection: TransactionSql | null = null
  readonly tx: Transaction

  constructor() {
    const connection = new Proxy({} as Sql & TransactionSql, {
      get: (_, name) => {
        if (!this.connection) throw new Error('the transaction has ended')
        return Reflect.get(this.connection, name)
      },
    })
    const dialect = new PgDialect()
    this.tx = new PostgresJsTransaction(
      dialect,
      new PostgresJsSession(connection, dialect, undefined),
      undefined,
    )
  }
}
