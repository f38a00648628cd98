// The one place where what a process needs is built.
import type { Sql } from 'postgres'
import type { Config } from './config.ts'
import { type Database, openDatabase } from './db/client.ts'
import { createLog, type Logger } from './log.ts'
import { type Clock, startDatabaseClock } from './time/clock.ts'

export interface Deps {
  config: Config
  db: Database
  /**
   * Sessions alone are read here, on two connections: short statements follow each other on the wire without waiting
   * for an answer, and no transaction or export keeps the gate waiting. What writes one may wait for a lock, and
   * everybody behind it on the wire with it: that goes to `db`.
   */
  gateDb: Database
  /** The raw client below `db`. */
  sql: Sql
  clock: Clock
  log: Logger
}

/** Connects to the database and starts the clock. `close` gives everything back. */
export async function openDeps(
  config: Config,
  processName: string,
): Promise<Deps & { close(): Promise<void> }> {
  const log = createLog(processName, config.LOG_LEVEL)
  const pool = openDatabase(config.DATABASE_URL, `portcullis-${processName}`)
  const gatePool = openDatabase(config.DATABASE_URL, `portcullis-${processName}-gate`, 2)
  const clock = await startDatabaseClock(pool.sql)
  return {
    config,
    db: pool.db,
    gateDb: gatePool.db,
    sql: pool.sql,
    clock,
    log,
    close: async () => {
      clock.stop()
      await Promise.all([pool.close(), gatePool.close()])
    },
  }
}
