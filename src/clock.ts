// One clock for everything that compares times: the process's own, corrected to the database's.
import type { Sql } from 'postgres'

export interface Clock {
  /** The present instant. */
  now(): Date
}

const MEASURE_EVERY_MS = 60_000

/**
 * A clock that follows the database's, so that a skewed host neither ends a lock early nor accepts an old
 * code. Measured at the start and then each minute; a failed measurement keeps the last offset.
 */
export async function startDatabaseClock(sql: Sql): Promise<Clock & { stop(): void }> {
  let offsetMs = await measureOffset(sql)
  const timer = setInterval(() => {
    measureOffset(sql).then(
      (measured) => {
        offsetMs = measured
      },
      () => {},
    )
  }, MEASURE_EVERY_MS)
  timer.unref()
  return { now: () => new Date(Date.now() + offsetMs), stop: () => clearInterval(timer) }
}

async function measureOffset(sql: Sql): Promise<number> {
  const sentAt = Date.now()
  const [row] = await sql<[{ ms: number }]>`select extract(epoch from clock_timestamp())::float8 * 1000 as ms`
  const midway = (sentAt + Date.now()) / 2
  return row.ms - midway
}
