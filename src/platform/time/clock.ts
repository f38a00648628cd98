// All times are compared with this clock: database time, extrapolated by the monotonic clock of the process.
import type { Sql } from 'postgres'
import { UnavailableError } from '../unavailable-error.ts'
import { MINUTE, SECOND } from './durations.ts'

export interface Clock {
  now(): Date
}

export class ClockUnknownError extends UnavailableError {
  constructor() {
    super('the time of the database is not known yet')
    this.name = 'ClockUnknownError'
  }
}

export interface TimeSources {
  database: () => Promise<number>
  /** Never steps. Stands still while the machine sleeps. */
  monotonic: () => number
  system: () => number
}

export interface MeasurementWatch {
  failed(error: unknown): void
  succeeded(): void
}

const MEASURE_EVERY_MS = MINUTE
const CHECK_EVERY_MS = SECOND
const SAMPLES = 3
/** The error of a measurement is at most half of a round trip. */
const LONGEST_ROUND_TRIP_MS = SECOND
/** Smaller corrections never set the clock back. A larger one means that the database clock was set back. */
const NEVER_BACK_WITHIN_MS = SECOND
const STEP_MS = SECOND

export class DatabaseClock implements Clock {
  readonly #sources: TimeSources
  #offsetMs: number | undefined
  #latestMs = 0
  #measuredAt = 0
  #systemAhead = 0

  constructor(sources: TimeSources) {
    this.#sources = sources
  }

  now(): Date {
    if (this.#offsetMs === undefined) throw new ClockUnknownError()
    const ms = this.#sources.monotonic() + this.#offsetMs
    this.#latestMs = this.#latestMs - ms > NEVER_BACK_WITHIN_MS ? ms : Math.max(this.#latestMs, ms)
    return new Date(this.#latestMs)
  }

  isDue(): boolean {
    const { monotonic, system } = this.#sources
    if (this.#offsetMs === undefined || monotonic() - this.#measuredAt >= MEASURE_EVERY_MS) return true
    return Math.abs(system() - monotonic() - this.#systemAhead) > STEP_MS
  }

  async measure(): Promise<void> {
    const { database, monotonic, system } = this.#sources
    let shortest = Number.POSITIVE_INFINITY
    let offsetMs = 0
    for (let sample = 0; sample < SAMPLES; sample += 1) {
      const sentAt = monotonic()
      const ms = await database()
      const roundTripMs = monotonic() - sentAt
      if (roundTripMs >= shortest) continue
      shortest = roundTripMs
      offsetMs = ms - (sentAt + roundTripMs / 2)
    }
    if (!(shortest <= LONGEST_ROUND_TRIP_MS))
      throw new Error(`the database took ${Math.round(shortest)} ms to return its time`)
    this.#offsetMs = offsetMs
    this.#measuredAt = monotonic()
    this.#systemAhead = system() - this.#measuredAt
  }
}

/**
 * Follows the database clock, so that a wrong clock of the host cannot end a lock early or accept an old code. Measures
 * each minute, and each second after a failure. Rejects if the first measurement fails. With a `watch` it reports the
 * failure instead, and `now()` throws.
 */
export async function startDatabaseClock(
  sql: Sql,
  watch?: MeasurementWatch,
): Promise<Clock & { stop(): void }> {
  const clock = new DatabaseClock({
    database: () => databaseTime(sql),
    monotonic: () => performance.now(),
    system: () => Date.now(),
  })
  let measuring: Promise<void> | null = null
  const measureAgain = () => {
    measuring ??= clock
      .measure()
      .then(watch?.succeeded, watch?.failed ?? (() => {}))
      .finally(() => {
        measuring = null
      })
    return measuring
  }
  await (watch ? measureAgain() : clock.measure())
  const timer = setInterval(() => {
    if (clock.isDue()) void measureAgain()
  }, CHECK_EVERY_MS)
  timer.unref()
  return { now: () => clock.now(), stop: () => clearInterval(timer) }
}

async function databaseTime(sql: Sql): Promise<number> {
  const [row] = await sql<[{ ms: number }]>`select extract(epoch from clock_timestamp())::float8 * 1000 as ms`
  return row.ms
}
