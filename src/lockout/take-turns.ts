import { setTimeout } from 'node:timers/promises'
import pLimit from 'p-limit'
import { SECOND } from '../platform/time/durations.ts'
import { UnavailableError } from '../platform/unavailable-error.ts'

/** Leaves time for the check itself within the two seconds in which a request is answered. */
const WAIT_AT_MOST_MS = 1.5 * SECOND
/** For attempts that another process settles. */
const ASK_EVERY_MS = 100
/** So many of a line ask the database, and the others wait behind them. */
const ASK_AT_A_TIME = 5

/** Thrown when the attempts before this one take too long to be settled. Nothing was counted. */
export class StillCheckingError extends UnavailableError {
  override readonly page = 'overloaded'

  constructor() {
    super('The attempts before this one are still being checked')
    this.name = 'StillCheckingError'
  }
}

/** Those who wait for one count, in this process. */
class Line {
  readonly limit = pLimit(ASK_AT_A_TIME)
  length = 0
  /** Resolves when the next attempt is settled. */
  settled: Promise<void>
  #resolve: () => void = () => {}

  constructor() {
    this.settled = this.#next()
  }

  wake(): void {
    this.#resolve()
    this.settled = this.#next()
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      this.#resolve = resolve
    })
  }
}

/** Only the order among requests of this process: what is counted stands in the database. */
const lines = new Map<string, Line>()

/**
 * Makes an attempt, and repeats it while the answer is to wait. Those who wait stand in line, in the order they came.
 * Throws StillCheckingError for one that has waited for 1.5 seconds.
 */
export async function takeTurns<Result>(
  name: string,
  attempt: () => Promise<Result | 'wait'>,
): Promise<Result> {
  if (!lines.has(name)) {
    const result = await attempt()
    if (result !== 'wait') return result
  }
  const giveUpAt = performance.now() + WAIT_AT_MOST_MS
  const line = lines.get(name) ?? new Line()
  lines.set(name, line)
  line.length += 1
  try {
    return await line.limit(() => repeat(line, attempt, giveUpAt))
  } finally {
    line.length -= 1
    if (line.length === 0) lines.delete(name)
  }
}

/** An attempt of this line has been settled: the first who wait try again at once. */
export function letNextTry(name: string): void {
  lines.get(name)?.wake()
}

async function repeat<Result>(
  line: Line,
  attempt: () => Promise<Result | 'wait'>,
  giveUpAt: number,
): Promise<Result> {
  for (;;) {
    // Taken before the attempt, so that nothing that is settled meanwhile is missed.
    const { settled } = line
    const result = await attempt()
    if (result !== 'wait') return result
    if (performance.now() >= giveUpAt) throw new StillCheckingError()
    await Promise.race([settled, setTimeout(ASK_EVERY_MS)])
  }
}
