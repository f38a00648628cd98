// One clock for everything that compares times: the database's time, carried on by this process's monotonic clock.
import type { Sql } from 'postgres'
import { UnavailableError } from '../unavailable-error.ts'
import { MINUTE, SECOND } from './durations.ts'

export interface Clock {
  /** The present instant. Throws ClockUnknownError until the database's time has been read once. */
  now(): Date
}

/** Thrown instead of guessing the time. Answered 503. */
export class ClockUnknownError extends UnavailableError {
  constructor() {
    super('the time of the database is not known yet')
    this.name = 'ClockUnknownError'
  }
}

/** What a clock is made from, in milliseconds. */
export interface TimeSources {
  /** The database's time. */
  database: () => Promise<number>
  /** Never steps, whatever happens to the system clock. Stands still while the machine sleeps. */
  monotonic: () => number
  /** Only a hint: when it steps, the machine may have slept. */
  system: () => number
}

/** Told how measuring goes. */
export interface MeasurementWatch {
  failed(error: unknown): void
  succeeded(): void
}

const MEASURE_EVERY_MS = MINUTE
const CHECK_EVERY_MS = SECOND
const SAMPLES = 3
/** Half of a round trip is how wrong a measurement can be. */
const LONGEST_ROUND_TRIP_MS = SECOND
/** Up to here a correction never turns time back; the clock waits. Beyond, the database itself was set back. */
const NEVER_BACK_WITHIN_MS = SECOND
/** The system clock stepped, or the machine slept, by more than this. */
const STEP_MS = SECOND

/** The database's time, measured by `measure` and carried on by the monotonic clock in between. */
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

  /** Whether the last measurement is a minute old, or the machine may have slept since. */
  isDue(): boolean {
    const { monotonic, system } = this.#sources
    if (this.#offsetMs === undefined || monotonic() - this.#measuredAt >= MEASURE_EVERY_MS) return true
    return Math.abs(system() - monotonic() - this.#systemAhead) > STEP_MS
  }

  /** Corrects the clock by the best of several samples. Throws, and changes nothing, if each took too long. */
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
      throw new Error(`the database took ${Math.round(shortest)} ms to tell its time`)
    this.#offsetMs = offsetMs
    this.#measuredAt = monotonic()
    this.#systemAhead = system() - this.#measuredAt
  }
}

/**
 * Starts a clock that follows the database's, so that neither a skewed host nor a step of its clock ends a lock early
 * or accepts an old code. Measured now, each minute, and after a failure each second; meanwhile the last measurement is
 * carried on. Rejects if the first one fails, unless there is a `watch`, which is told of failures: then `now()`
 * throws until one succeeds.
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

/** Milliseconds since the epoch. */
async function databaseTime(sql: Sql): Promise<number> {
  const [row] = await sql<[{ ms: number }]>`select extract(epoch from clock_timestamp())::float8 * 1000 as ms`
  return row.ms
}
