import { setTimeout as sleep } from 'node:timers/promises'

/** Waits until `check` holds (returns something other than false, null or undefined) and returns that. */
export async function eventually<T>(
  what: string,
  check: () => T | false | null | undefined | Promise<T | false | null | undefined>,
  withinMs = 20_000,
): Promise<T> {
  const deadline = Date.now() + withinMs
  for (;;) {
    const result = await check()
    if (result !== false && result !== null && result !== undefined) return result
    if (Date.now() > deadline) throw new Error(`waited ${withinMs} ms and it did not happen: ${what}`)
    await sleep(20)
  }
}
