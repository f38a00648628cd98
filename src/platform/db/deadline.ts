import { AsyncLocalStorage } from 'node:async_hooks'

/**
 * The time that a request has for its answer. Once it has passed, the database layer begins nothing more for the
 * request: no statement, no transaction, no commit.
 */
export class Deadline {
  #error: Error | null = null
  #endsAt = Number.POSITIVE_INFINITY
  readonly #passing: Promise<never>
  #reject: (error: Error) => void = () => {}

  constructor() {
    this.#passing = new Promise((_, reject) => {
      this.#reject = reject
    })
    this.#passing.catch(() => {})
  }

  /** Milliseconds until it is expected to pass; Infinity if there is no limit. */
  get remainingMs(): number {
    return Math.max(0, this.#endsAt - performance.now())
  }

  /** Expects it to pass `ms` milliseconds from now. */
  moveTo(ms: number): void {
    this.#endsAt = performance.now() + ms
  }

  /** It has passed. Everything that waits for the database fails with `error`. */
  pass(error: Error): void {
    this.#error ??= error
    this.#reject(this.#error)
  }

  /** Throws if it has passed. */
  check(): void {
    if (this.#error) throw this.#error
  }

  /** The result of `work`, or the error as soon as it has passed. */
  race<Result>(work: Promise<Result>): Promise<Result> {
    return Promise.race([work, this.#passing])
  }
}

const current = new AsyncLocalStorage<Deadline | undefined>()

/** Runs `work`, and everything that follows from it, under a deadline. */
export function withDeadline<Result>(deadline: Deadline, work: () => Result): Result {
  return current.run(deadline, work)
}

/**
 * Runs `work` without the deadline of the request: for what must be settled although the request was given up, such as
 * an attempt that was checked.
 */
export function withoutDeadline<Result>(work: () => Result): Result {
  return current.run(undefined, work)
}

/** At most `ms` milliseconds, and half of what the request has left: the other half is for an answer without the result. */
export function patienceWithin(ms: number): number {
  return Math.min(ms, (current.getStore()?.remainingMs ?? Number.POSITIVE_INFINITY) / 2)
}

/** The deadline of the request that is being answered; undefined in jobs and commands, which have none. */
export function currentDeadline(): Deadline | undefined {
  return current.getStore()
}
