// The one place where what a process needs is built.
import type { Sql } from 'postgres'
import type { Config } from './config.ts'
import { type Database, type DatabasePool, openDatabase } from './platform/db/client.ts'
import { createLog, type Logger } from './platform/log.ts'
import { watchOutage } from './platform/outbox/watch-outage.ts'
import { type Clock, type MeasurementWatch, startDatabaseClock } from './platform/time/clock.ts'

export interface Deps {
  config: Config
  db: Database
  /**
   * Sessions alone are read here, on two connections: short statements follow each other on the wire without waiting
   * for an answer, and no transaction or export keeps the gate waiting. What writes one may wait for a lock, and
   * everybody behind it on the wire with it: that goes to `db`.
   */
  gateDb: Database
  /** The raw client below `db`. What it sends for a request goes through `ask`. */
  sql: Sql
  /** Sends a statement of `sql` in its turn, and within the time of the request. */
  ask: DatabasePool['ask']
  refusesWrites: DatabasePool['refusesWrites']
  clock: Clock
  log: Logger
}

const CONNECTIONS = 10
const GATE_CONNECTIONS = 2
/** Enough for the server never to wait for the next read, and few enough for one connection. */
const GATE_PIPELINED = 32

/**
 * Connects to the database and starts the clock. Rejects while the database is away, unless `mayWait`: then `clock.now()`
 * throws until it is there. `requestMs`: how long a request may take, in the web process. `close` gives everything back.
 */
export async function openDeps(
  config: Config,
  processName: string,
  { mayWait = false, requestMs }: { mayWait?: boolean; requestMs?: number } = {},
): Promise<Deps & { close(): Promise<void> }> {
  const log = createLog(processName, config.LOG_LEVEL)
  const limits = requestMs === undefined ? {} : { requestMs, ...logFreezes(log) }
  const name = `portcullis-${processName}`
  const pool = openDatabase(config.DATABASE_URL, name, CONNECTIONS, limits)
  const gatePool = openDatabase(config.DATABASE_URL, `${name}-gate`, GATE_CONNECTIONS, {
    ...limits,
    pipelined: GATE_PIPELINED,
  })
  const closePools = () => Promise.all([pool.close(), gatePool.close()])
  const clock = await startDatabaseClock(pool.sql, mayWait ? watchClock(log) : undefined).catch(
    async (error) => {
      await closePools()
      throw error
    },
  )
  return {
    config,
    db: pool.db,
    gateDb: gatePool.db,
    sql: pool.sql,
    ask: pool.ask,
    refusesWrites: pool.refusesWrites,
    clock,
    log,
    close: async () => {
      clock.stop()
      await closePools()
    },
  }
}

function watchClock(log: Logger): MeasurementWatch {
  const outage = watchOutage(log, {
    began:
      'The database does not tell its time. Is the database at DATABASE_URL up? Until its time has been read once, every request is answered 503.',
    ended: 'The database tells its time again.',
  })
  return { failed: outage.began, succeeded: outage.ended }
}

function logFreezes(log: Logger) {
  return {
    onFrozen: () => log.error('The database does not answer. Requests are refused until it does.'),
    onAnswering: () => log.info('The database answers.'),
  }
}
