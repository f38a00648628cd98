// A queue bounded by waiting time, not by length: how long a place takes depends on the machine and its load.

const WEIGHT = 0.2
const FIRST_GUESS_MS = 50

/** Work that failed would have taken longer than it did: an estimate. */
const GIVEN_UP_FACTOR = 2

/** Shares of the time of work: the longest expected wait, and the longest real wait. */
const EXPECTED_WAIT = 1 / 4
const LONGEST_WAIT = 1 / 2

interface Waiting {
  since: number
  limitMs: number
  begin: () => void
  giveUp: () => void
}

/** Runs at most `atOnce` pieces of work at a time, in the order of their arrival. `now`: monotonic milliseconds. */
export class TimedQueue {
  readonly #atOnce: number
  readonly #now: () => number
  #waiting: Waiting[] = []
  #running = 0
  #averageMs = FIRST_GUESS_MS

  constructor(atOnce: number, now: () => number = () => performance.now()) {
    this.#atOnce = atOnce
    this.#now = now
  }

  get use(): { running: number; waiting: number } {
    return { running: this.#running, waiting: this.#waiting.length }
  }

  /** Whether work that arrives now is expected to end within `limitMs` milliseconds. */
  hasRoom(limitMs: number): boolean {
    const ahead = this.#waiting.length + this.#running - this.#atOnce + 1
    const waitMs = Math.max(0, ahead) * (this.#averageMs / this.#atOnce)
    return waitMs <= limitMs * EXPECTED_WAIT && this.#endsInTime(waitMs, limitMs)
  }

  /** With nothing running, work is always tried, to notice the end of a slow time. */
  #endsInTime(waitMs: number, limitMs: number): boolean {
    return this.#running === 0 || waitMs + this.#averageMs <= limitMs
  }

  /**
   * Runs `work` in its turn. Null, and nothing begun, without room or after too long a wait. Work that is not `wasWhole` in
   * the end can only raise the average.
   */
  async run<Result>(
    limitMs: number,
    work: () => Promise<Result>,
    wasWhole: () => boolean = () => true,
  ): Promise<{ result: Result } | null> {
    if (!this.hasRoom(limitMs) || !(await this.#turn(limitMs))) return null
    const begunAt = this.#now()
    let factor = GIVEN_UP_FACTOR
    try {
      const result = await work()
      factor = 1
      return { result }
    } finally {
      const tookMs = factor * (this.#now() - begunAt)
      if (wasWhole() || tookMs > this.#averageMs) this.#averageMs += WEIGHT * (tookMs - this.#averageMs)
      this.#running -= 1
      this.#next()
    }
  }

  #turn(limitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      this.#waiting.push({
        since: this.#now(),
        limitMs,
        begin: () => resolve(true),
        giveUp: () => resolve(false),
      })
      this.#next()
    })
  }

  #next(): void {
    while (this.#running < this.#atOnce) {
      const next = this.#waiting.shift()
      if (!next) return
      const waitedMs = this.#now() - next.since
      if (waitedMs > next.limitMs * LONGEST_WAIT || !this.#endsInTime(waitedMs, next.limitMs)) {
        next.giveUp()
        continue
      }
      this.#running += 1
      next.begin()
    }
  }
}
