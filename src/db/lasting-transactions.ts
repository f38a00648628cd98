import { PgDialect } from 'drizzle-orm/pg-core'
import { PostgresJsSession, PostgresJsTransaction } from 'drizzle-orm/postgres-js'
import type { Sql, TransactionSql } from 'postgres'
import type { Database, Transaction } from './client.ts'

/**
 * Transactions that take turns on a few lasting objects, where Drizzle makes a new one each time: a query that was
 * built for one (`preparedOnce`) is still there for the next transaction that gets it. There come to be as many as
 * have been open at once.
 */
export function lastingTransactions(sql: Sql): Database['transaction'] {
  const idle: LastingTransaction[] = []
  return async (work, config) => {
    const lasting = idle.pop() ?? new LastingTransaction()
    const result = await sql.begin(async (connection) => {
      lasting.connection = connection
      if (config) await lasting.tx.setTransaction(config)
      return work(lasting.tx)
    })
    // Only here. Of one that failed the work may go on after its connection was lost: it must never find itself in
    // the transaction of somebody else.
    lasting.connection = null
    idle.push(lasting)
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
