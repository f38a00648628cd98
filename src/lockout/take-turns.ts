import { setTimeout } from 'node:timers/promises'
import pLimit from 'p-limit'
import { SECOND } from '../platform/time/durations.ts'
import { UnavailableError } from '../platform/unavailable-error.ts'

/** Leaves time for the check within the deadline of a request. */
const WAIT_AT_MOST_MS = 1.5 * SECOND
/** Another process may settle the attempt. */
const ASK_EVERY_MS = 100
/** Of one line; the others do not ask the database yet. */
const ASK_AT_A_TIME = 5

/** Thrown when earlier attempts take too long. Nothing was counted. */
export class StillCheckingError extends UnavailableError {
  override readonly page = 'overloaded'

  constructor() {
    super('The attempts before this one are still being checked')
    this.name = 'StillCheckingError'
  }
}

class Line {
  readonly limit = pLimit(ASK_AT_A_TIME)
  length = 0
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

/** Orders the requests of this process. The database alone counts. */
const lines = new Map<string, Line>()

/** Repeats an attempt while its answer is 'wait', in the order of arrival. Throws StillCheckingError. */
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

/** Wakes the attempts that wait: one of this line was settled. */
export function letNextTry(name: string): void {
  lines.get(name)?.wake()
}

async function repeat<Result>(
  line: Line,
  attempt: () => Promise<Result | 'wait'>,
  giveUpAt: number,
): Promise<Result> {
  for (;;) {
    // Read before the attempt, so that no wake-up is missed.
    const { settled } = line
    const result = await attempt()
    if (result !== 'wait') return result
    if (performance.now() >= giveUpAt) throw new StillCheckingError()
    await Promise.race([settled, setTimeout(ASK_EVERY_MS)])
  }
}
