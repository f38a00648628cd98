import { setTimeout as sleep } from 'node:timers/promises'
import type { Deps } from '../src/deps.ts'
import type { QueueEngine } from '../src/platform/outbox/queues.ts'
import { watchOutage } from '../src/platform/outbox/watch-outage.ts'
import { MINUTE, SECOND } from '../src/platform/time/durations.ts'
import { dispatchBatch } from './dispatch-batch.ts'
import { listenToOutbox } from './listen-to-outbox.ts'
import { restoreJobs } from './restore-jobs.ts'
import { WakeSignal } from './wake-signal.ts'

const LONGEST_REST_MS = 5 * SECOND
/** Debounce before dispatching, in milliseconds. Batches rows, and leaves the CPU to the response of the request. */
const DEBOUNCE_MS = 15

export interface RelayOptions {
  /** Interval of comparing the queues with the outbox. Limits the delay after a missed wake signal. */
  restoreEveryMs?: number
  olderThanMs?: number
  alsoRestore?: () => Promise<void>
}

export interface Relay {
  stop(): Promise<void>
}

/** Moves jobs from the outbox to the queues after each commit. Several relays may run. */
export function relayOutbox(
  { config, db, clock, log }: Pick<Deps, 'config' | 'db' | 'clock' | 'log'>,
  engine: QueueEngine,
  { restoreEveryMs = 30 * SECOND, olderThanMs = MINUTE, alsoRestore = async () => {} }: RelayOptions = {},
): Relay {
  const wakeSignal = new WakeSignal()
  const listener = listenToOutbox(config.DATABASE_URL, log, () => wakeSignal.wake())
  const stopping = new AbortController()
  const outage = watchOutage(log, {
    began: 'The outbox cannot be relayed. Jobs wait in it. The relay retries.',
    ended: 'The outbox is relayed again.',
  })
  // By the monotonic clock: after a step back of the system clock the queues would not be compared for as long.
  let restoreAt = 0

  async function round(): Promise<void> {
    while (!stopping.signal.aborted && (await dispatchBatch(db, engine, clock.now())));
    if (stopping.signal.aborted || performance.now() < restoreAt) return
    await restoreJobs(db, engine, clock.now(), olderThanMs)
    await alsoRestore()
    restoreAt = performance.now() + restoreEveryMs
  }

  async function relay(): Promise<void> {
    let failures = 0
    while (!stopping.signal.aborted) {
      try {
        await round()
        outage.ended()
        failures = 0
        await wakeSignal.wait(restoreAt - performance.now())
        await sleep(DEBOUNCE_MS)
      } catch (error) {
        outage.began(error)
        const rest = Math.min(100 * 2 ** failures++, LONGEST_REST_MS)
        await sleep(rest, undefined, { signal: stopping.signal }).catch(() => {})
      }
    }
  }

  const relaying = relay()
  return {
    async stop() {
      stopping.abort()
      wakeSignal.wake()
      await listener.stop()
      await relaying
    },
  }
}
