// How long this machine kept the processes waiting that serve and ask: no fault of the product, and no speed of it either.
import { readFileSync } from 'node:fs'

const SAMPLE_EVERY_MS = 20
const NANOSECONDS = 1e6

interface Sample {
  at: number
  /** How late this process has been in all. */
  driverMs: number
  /** By port: how long the main thread of the web process has been ready to run and did not. */
  webMs: ReadonlyMap<string, number>
}

export class Machine {
  readonly #pidOf: ReadonlyMap<string, () => number>
  readonly #samples: Sample[] = []
  readonly #last = new Map<string, { pid: number; ms: number }>()
  readonly #timer: NodeJS.Timeout
  #dueAt = Date.now() + SAMPLE_EVERY_MS

  /** `pidOf` web processes, by port. */
  constructor(pidOf: ReadonlyMap<string, () => number>) {
    this.#pidOf = pidOf
    this.#timer = setInterval(() => this.#sample(), SAMPLE_EVERY_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#sample()
  }

  /** What the machine added to an answer of a web process, at most. Undefined where the kernel does not say. */
  delayMs(port: string, from: number, to: number): number | undefined {
    const before = this.#samples[Math.max(0, this.#countUpTo(from) - 1)]
    const after = this.#samples[Math.min(this.#samples.length - 1, this.#countUpTo(to))]
    const [earlier, later] = [before?.webMs.get(port), after?.webMs.get(port)]
    if (!before || !after || earlier === undefined || later === undefined) return undefined
    return later - earlier + after.driverMs - before.driverMs
  }

  /** How many samples were taken by then. There may be a hundred thousand. */
  #countUpTo(time: number): number {
    let [low, high] = [0, this.#samples.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#samples[middle]?.at ?? 0) <= time) low = middle + 1
      else high = middle
    }
    return low
  }

  #sample(): void {
    const at = Date.now()
    const previous = this.#samples.at(-1)
    const lateMs = Math.max(0, at - this.#dueAt)
    this.#dueAt = at + SAMPLE_EVERY_MS
    const webMs = new Map<string, number>()
    for (const [port, pid] of this.#pidOf) {
      const total = (previous?.webMs.get(port) ?? 0) + this.#waitedSince(port, pid())
      if (!Number.isNaN(total)) webMs.set(port, total)
    }
    this.#samples.push({ at, driverMs: (previous?.driverMs ?? 0) + lateMs, webMs })
  }

  #waitedSince(port: string, pid: number): number {
    const last = this.#last.get(port)
    const ms = waitedMs(pid)
    // It has ended.
    if (ms === undefined) return last ? 0 : Number.NaN
    this.#last.set(port, { pid, ms })
    return last?.pid === pid ? Math.max(0, ms - last.ms) : 0
  }
}

/** Linux says how long a process, which is its main thread here, was ready and did not run. */
function waitedMs(pid: number): number | undefined {
  try {
    const [, waited = ''] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')
    return Number(waited) / NANOSECONDS
  } catch {
    return undefined
  }
}
