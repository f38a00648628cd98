// Builds what every process needs.
import type { Sql } from 'postgres'
import type { Config } from './config.ts'
import { type Database, type DatabasePool, openDatabase } from './platform/db/client.ts'
import { IDENTITY } from './platform/db/process-identity.ts'
import { requireServer, UnfitServerError } from './platform/db/require-server.ts'
import { createLog, type Logger } from './platform/log.ts'
import { watchOutage } from './platform/outbox/watch-outage.ts'
import { type Clock, type MeasurementWatch, startDatabaseClock } from './platform/time/clock.ts'

export interface Deps {
  config: Config
  db: Database
  /**
   * Reads sessions only, on two pipelined connections, so that no transaction or export delays the gate. Writes may wait
   * for a lock and block the pipeline: they go to `db`.
   */
  gateDb: Database
  /** The raw client below `db`. Requests use it through `ask`. */
  sql: Sql
  /** Sends a statement of `sql` in its turn, within the deadline of the request. */
  ask: DatabasePool['ask']
  refusesWrites: DatabasePool['refusesWrites']
  /** How busy each pool is. */
  poolUse: { readonly [Pool in 'main' | 'gate']: DatabasePool['use'] }
  clock: Clock
  log: Logger
}

const CONNECTIONS = 10
const GATE_CONNECTIONS = 2
/** Enough for the server never to wait for the next read, and few enough for one connection. */
const GATE_PIPELINED = 32

/**
 * Connects to the database and starts the clock. Rejects on a database that cannot be used, and without one unless
 * `mayWait`: then `clock.now()` throws until it is reachable. `requestMs`: the deadline of a request.
 */
export async function openDeps(
  config: Config,
  processName: string,
  {
    mayWait = false,
    requestMs,
    connections = CONNECTIONS,
  }: { mayWait?: boolean; requestMs?: number; connections?: number } = {},
): Promise<Deps & { close(): Promise<void> }> {
  const log = createLog(processName, config.LOG_LEVEL)
  const limits = requestMs === undefined ? {} : { requestMs, ...logFreezes(log) }
  const name = `portcullis-${processName}`
  const pool = openDatabase(config.DATABASE_URL, `${name}${IDENTITY}`, connections, limits)
  const gatePool = openDatabase(config.DATABASE_URL, `${name}-gate`, GATE_CONNECTIONS, {
    ...limits,
    pipelined: GATE_PIPELINED,
  })
  const closePools = () => Promise.all([pool.close(), gatePool.close()])
  const clock = await startClock(pool.sql, mayWait ? watchClock(log) : undefined).catch(async (error) => {
    await closePools()
    throw error
  })
  return {
    config,
    db: pool.db,
    gateDb: gatePool.db,
    sql: pool.sql,
    ask: pool.ask,
    refusesWrites: pool.refusesWrites,
    poolUse: { main: pool.use, gate: gatePool.use },
    clock,
    log,
    close: async () => {
      clock.stop()
      await closePools()
    },
  }
}

/** Without a database only `npm run doctor` finds out whether it is fit. */
async function startClock(sql: Sql, watch?: MeasurementWatch) {
  await requireServer(sql).catch((error) => {
    if (!watch || error instanceof UnfitServerError) throw error
  })
  return startDatabaseClock(sql, watch)
}

function watchClock(log: Logger): MeasurementWatch {
  const outage = watchOutage(log, {
    began:
      'Cannot read the time of the database. Is the database at DATABASE_URL up? Every request is answered 503 until its time has been read once.',
    ended: 'The time of the database can be read again.',
  })
  return { failed: outage.began, succeeded: outage.ended }
}

function logFreezes(log: Logger) {
  return {
    onFrozen: () => log.error('The database does not answer. Requests are refused until it answers.'),
    onAnswering: () => log.info('The database answers again.'),
  }
}
