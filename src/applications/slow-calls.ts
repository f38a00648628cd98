import { SECOND } from '../platform/time/durations.ts'
import { NotToldError } from './post-logout-token.ts'

const SLOW_MS = SECOND

/**
 * An application that answers slowly or not at all is asked once at a time, so that it does not use the places of
 * others. A further call fails, and its job is retried later.
 */
export class SlowCalls {
  readonly #slow = new Set<string>()
  readonly #begun = new Map<string, number[]>()
  readonly #slowMs: number

  constructor(slowMs = SLOW_MS) {
    this.#slowMs = slowMs
  }

  async make(applicationId: string, call: () => Promise<void>): Promise<void> {
    const begunAt = performance.now()
    const underWay = this.#begun.get(applicationId) ?? []
    const hangs = underWay.some((begun) => begunAt - begun > this.#slowMs)
    if (hangs || (underWay.length > 0 && this.#slow.has(applicationId)))
      throw new NotToldError('answers slowly, and is being asked already')

    this.#begun.set(applicationId, [...underWay, begunAt])
    try {
      await call()
    } finally {
      this.#ended(applicationId, begunAt)
    }
  }

  #ended(applicationId: string, begunAt: number): void {
    const left = [...(this.#begun.get(applicationId) ?? [])]
    left.splice(left.indexOf(begunAt), 1)
    if (left.length > 0) this.#begun.set(applicationId, left)
    else this.#begun.delete(applicationId)
    if (performance.now() - begunAt > this.#slowMs) this.#slow.add(applicationId)
    else this.#slow.delete(applicationId)
  }
}
