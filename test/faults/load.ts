// Requests at a fixed rate, whether or not those before them were answered, as from many people.
import { setTimeout as pause } from 'node:timers/promises'

export interface Measured {
  /** Milliseconds from the start of the load. */
  begunAt: number
  ms: number
  status: number
  retryAfter: string | null
}

/** Sends `perSecond` requests a second. Returns a function that stops and gives the measurements. */
export function offer(perSecond: number, ask: (number: number) => Promise<Response>) {
  const since = performance.now()
  const asked: Promise<Measured>[] = []
  let stopped = false

  const sending = (async () => {
    for (let number = 0; !stopped; number += 1) {
      const dueIn = (number * 1000) / perSecond - (performance.now() - since)
      // Also when it is late: what was sent has to get its turn.
      await pause(Math.max(0, dueIn))
      asked.push(measure(number))
    }
  })()

  async function measure(number: number): Promise<Measured> {
    const begunAt = performance.now() - since
    const response = await ask(number)
    await response.arrayBuffer()
    const ms = performance.now() - since - begunAt
    return { begunAt, ms, status: response.status, retryAfter: response.headers.get('retry-after') }
  }

  return {
    elapsedMs: () => performance.now() - since,
    async stop(): Promise<Measured[]> {
      stopped = true
      await sending
      return Promise.all(asked)
    },
  }
}

/** 'n 12, p50 3 ms, p95 8 ms, p99 9 ms, max 10 ms' */
export function summary(measured: readonly Measured[]): string {
  const sorted = measured.map(({ ms }) => ms).sort((one, other) => one - other)
  const at = (share: number) =>
    `${Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0)} ms`
  return `n ${sorted.length}, p50 ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)}, max ${at(1)}`
}

/** The longest answer in milliseconds. */
export function slowest(measured: readonly Measured[]): number {
  return Math.max(0, ...measured.map(({ ms }) => ms))
}

export async function postForm(
  url: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'sec-fetch-site': 'same-origin', ...headers },
    body: new URLSearchParams(fields),
  })
}
