import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import postgres, { type Sql } from 'postgres'
import { readConnection } from './connection.ts'
import { lastingTransactions } from './lasting-transactions.ts'

export type Database = PostgresJsDatabase
/** What a command is given: the open transaction. Functions that only read also take the pool. */
export type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0]
export type Reader = Database | Transaction

export interface DatabasePool {
  db: Database
  /** The raw client below `db`, for what has no builder (clock, health). */
  sql: Sql
  close(): Promise<void>
}

/**
 * Opens a pool. Durable commits, and no statement or idle transaction that holds others up for long. Of a statement
 * that is not prepared the driver first asks for the types: prepared ones take one round trip instead of two.
 */
export function openDatabase(address: string, applicationName: string, max = 10): DatabasePool {
  const { url, ssl } = readConnection(address)
  const sql = postgres(url, {
    ssl,
    max,
    connect_timeout: 2,
    // Seconds until a lost connection is tried again: at most one, so that the product is back with the database.
    backoff: (retries) => Math.min(3 ** retries / 100, 1),
    onnotice: () => {},
    connection: {
      application_name: applicationName,
      statement_timeout: 10_000,
      idle_in_transaction_session_timeout: 30_000,
      synchronous_commit: 'on',
    },
  })
  const db = drizzle(sql)
  db.transaction = lastingTransactions(sql)
  return { db, sql, close: () => sql.end({ timeout: 5 }) }
}
