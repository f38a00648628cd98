// A queue that is bounded by waiting time, not by length: how long a place lasts depends on the machine and its load.

/** How much the newest duration counts in the moving average. */
const WEIGHT = 0.1
/** Assumed until something was measured. */
const FIRST_GUESS_MS = 50

interface Waiting {
  since: number
  patienceMs: number
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

  /** How long work that arrives now is expected to wait, in milliseconds. */
  get expectedWaitMs(): number {
    const ahead = this.#waiting.length + this.#running - this.#atOnce + 1
    return Math.max(0, ahead) * (this.#averageMs / this.#atOnce)
  }

  /**
   * Runs `work` when its turn has come. Returns null without having begun it if it is expected to wait longer than
   * `patienceMs`, or has waited longer.
   */
  async run<Result>(patienceMs: number, work: () => Promise<Result>): Promise<{ result: Result } | null> {
    if (this.expectedWaitMs > patienceMs || !(await this.#turn(patienceMs))) return null
    const begunAt = this.#now()
    try {
      return { result: await work() }
    } finally {
      this.#averageMs += WEIGHT * (this.#now() - begunAt - this.#averageMs)
      this.#running -= 1
      this.#next()
    }
  }

  /** Resolves with whether its turn came in time. */
  #turn(patienceMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      this.#waiting.push({
        since: this.#now(),
        patienceMs,
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
      if (this.#now() - next.since > next.patienceMs) {
        next.giveUp()
        continue
      }
      this.#running += 1
      next.begin()
    }
  }
}
