import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import postgres, { type Sql } from 'postgres'
import { readConnection } from './connection.ts'
import { type TimelyClient, timelyClient } from './timely-client.ts'
import { Watchdog } from './watchdog.ts'

export type Database = PostgresJsDatabase
export type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0]
export type Reader = Database | Transaction

export interface DatabasePool {
  db: Database
  /** The raw driver, without deadlines: for tests and for work outside requests. */
  sql: Sql
  /** Sends a statement of `sql` in its turn and within the deadline of the request. */
  ask: TimelyClient['ask']
  /** Whether the database refused a write a moment ago, for example on a full disk. */
  refusesWrites: TimelyClient['refusesWrites']
  use: TimelyClient['use']
  close(): Promise<void>
}

export interface PoolOptions {
  /** Statements in flight per connection. More than one only if all are short reads. */
  pipelined?: number
  requestMs?: number
  onFrozen?: () => void
  onAnswering?: () => void
}

export class UnpatchedDriverError extends Error {
  constructor() {
    super('The PostgreSQL driver is not patched. Run npm ci without --ignore-scripts.')
    this.name = 'UnpatchedDriverError'
  }
}

/** Throws UnpatchedDriverError unless the driver has patches/postgres+3.4.9.patch. */
export function requirePatch(driver: object): void {
  if (!('patchedBy' in driver)) throw new UnpatchedDriverError()
}

const NO_LIMIT_OF_REQUESTS = { statement_timeout: 10_000, idle_in_transaction_session_timeout: 30_000 }
const LONGEST_STATEMENT_MS = 10_000
/** Grace after the server's own time limit before the server counts as frozen. */
const ANSWER_LATE_MS = 700

export function openDatabase(
  address: string,
  applicationName: string,
  max = 10,
  { pipelined = 1, requestMs, onFrozen = () => {}, onAnswering = () => {} }: PoolOptions = {},
): DatabasePool {
  requirePatch(postgres)
  const { url, ssl } = readConnection(address)
  const statementMs = requestMs && Math.min(requestMs, LONGEST_STATEMENT_MS)
  const watchdog = new Watchdog(
    statementMs ? { answerWithinMs: statementMs + ANSWER_LATE_MS, onFrozen, onAnswering } : undefined,
  )
  const options = {
    ssl,
    max,
    connect_timeout: 2,
    // Seconds. At most one, so that the product recovers together with the database.
    backoff: (retries: number) => Math.min(3 ** retries / 100, 1),
    onnotice: () => {},
    socket: watchdog.open,
    connection: {
      application_name: applicationName,
      synchronous_commit: 'on',
      ...(statementMs
        ? { statement_timeout: statementMs, idle_in_transaction_session_timeout: 2 * statementMs }
        : NO_LIMIT_OF_REQUESTS),
    },
  }
  const sql = postgres(url, options)
  const { client, ...asking } = timelyClient(sql, watchdog, max * pipelined)
  return {
    db: drizzle(client),
    sql,
    ...asking,
    close: async () => {
      await sql.end({ timeout: 5 })
      watchdog.close()
    },
  }
}
