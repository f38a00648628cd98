// One clock for everything that compares times: the process's own, corrected to the database's.
import type { Sql } from 'postgres'

export interface Clock {
  /** The present instant. */
  now(): Date
}

const MEASURE_EVERY_MS = 60_000
const TRY_AGAIN_MS = 1_000

/**
 * A clock that follows the database's, so that a skewed host neither ends a lock early nor accepts an old
 * code. Measured now and then each minute; a failed measurement keeps the last offset and is tried again soon.
 */
export async function startDatabaseClock(sql: Sql): Promise<Clock & { stop(): void }> {
  let offsetMs = 0
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  const measure = async (): Promise<void> => {
    const measured = await measureOffset(sql).catch(() => null)
    offsetMs = measured ?? offsetMs
    if (stopped) return
    timer = setTimeout(measure, measured === null ? TRY_AGAIN_MS : MEASURE_EVERY_MS)
    timer.unref()
  }
  await measure()
  return {
    now: () => new Date(Date.now() + offsetMs),
    stop: () => {
      stopped = true
      clearTimeout(timer)
    },
  }
}

async function measureOffset(sql: Sql): Promise<number> {
  const sentAt = Date.now()
  const [row] = await sql<[{ ms: number }]>`select extract(epoch from clock_timestamp())::float8 * 1000 as ms`
  const midway = (sentAt + Date.now()) / 2
  return row.ms - midway
}
