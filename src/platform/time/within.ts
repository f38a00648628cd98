import { setTimeout as sleep } from 'node:timers/promises'

export function within<T>(ms: number, asked: Promise<T>): Promise<T> {
  const waited = new AbortController()
  const tooLate = sleep(ms, undefined, { signal: waited.signal }).then(() => {
    throw new Error(`no answer within ${ms} ms`)
  })
  return Promise.race([asked, tooLate]).finally(() => {
    tooLate.catch(() => {})
    waited.abort()
  })
}
