import { AsyncLocalStorage } from 'node:async_hooks'

/** Time limit of a request. After it, the database layer starts no statement, transaction or commit for the request. */
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

  get remainingMs(): number {
    return Math.max(0, this.#endsAt - performance.now())
  }

  moveTo(ms: number): void {
    this.#endsAt = performance.now() + ms
  }

  pass(error: Error): void {
    this.#error ??= error
    this.#reject(this.#error)
  }

  check(): void {
    if (this.#error) throw this.#error
  }

  race<Result>(work: Promise<Result>): Promise<Result> {
    return Promise.race([work, this.#passing])
  }
}

const current = new AsyncLocalStorage<Deadline | undefined>()

export function withDeadline<Result>(deadline: Deadline, work: () => Result): Result {
  return current.run(deadline, work)
}

/** For work that must finish although its request timed out, such as recording a checked attempt. */
export function withoutDeadline<Result>(work: () => Result): Result {
  return current.run(undefined, work)
}

/** At most `ms` milliseconds and half of the remaining time. The rest is for an answer without the result. */
export function patienceWithin(ms: number): number {
  return Math.min(ms, (current.getStore()?.remainingMs ?? Number.POSITIVE_INFINITY) / 2)
}

export function currentDeadline(): Deadline | undefined {
  return current.getStore()
}
