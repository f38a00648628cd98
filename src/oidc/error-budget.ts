// How many wrong requests are recorded: 20 a minute for each application. Pure.
import { MINUTE } from '../platform/time/durations.ts'

const PER_MINUTE = 20

/** Counts in the memory of one process. */
export class ErrorBudget {
  #minute = 0
  readonly #spent = new Map<string, number>()

  /** Whether one more is recorded in this minute. */
  spend(key: string, now: Date): boolean {
    const minute = Math.floor(now.getTime() / MINUTE)
    if (minute !== this.#minute) this.#spent.clear()
    this.#minute = minute
    const spent = (this.#spent.get(key) ?? 0) + 1
    this.#spent.set(key, spent)
    return spent <= PER_MINUTE
  }
}
