// A queue that is bounded by waiting time, not by length: how long a place lasts depends on the machine and its load.

/** How much the newest duration counts in the moving average. */
const WEIGHT = 0.2
/** Assumed until something was measured. */
const FIRST_GUESS_MS = 50

interface Waiting {
  giveUpAt: number
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

  /**
   * Whether work that arrives now, and has `limitMs` milliseconds in all, is expected to be done by then. It may wait
   * for half of that at most. Where nothing is running it may always be tried, so that a slow time is noticed to be over.
   */
  hasRoom(limitMs: number): boolean {
    if (this.#running === 0) return true
    const ahead = this.#waiting.length + this.#running - this.#atOnce + 1
    const waitMs = Math.max(0, ahead) * (this.#averageMs / this.#atOnce)
    return waitMs <= limitMs / 2 && waitMs + this.#averageMs <= limitMs
  }

  /**
   * Runs `work` when its turn has come. Returns null without having begun it if there is no room for it, or if it has
   * waited for more than half of `limitMs`.
   */
  async run<Result>(limitMs: number, work: () => Promise<Result>): Promise<{ result: Result } | null> {
    if (!this.hasRoom(limitMs) || !(await this.#turn(limitMs / 2))) return null
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
  #turn(longestMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      this.#waiting.push({
        giveUpAt: this.#now() + longestMs,
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
      if (this.#now() > next.giveUpAt) {
        next.giveUp()
        continue
      }
      this.#running += 1
      next.begin()
    }
  }
}
