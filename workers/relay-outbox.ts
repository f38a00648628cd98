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
/**
 * What is owed gathers for so long. A relay that set out at once would take a core, where it shares them with web, from
 * the answer to the very click that rang; and what is owed together goes out in one batch.
 */
const GATHER_MS = 15

export interface RelayOptions {
  /** How often the queues are compared with the outbox; no missed wake-up costs more than this. */
  restoreEveryMs?: number
  /** The comparison looks at what was dispatched longer ago than this. */
  olderThanMs?: number
  /** Taken care of together with the comparison. */
  alsoRestore?: () => Promise<void>
}

export interface Relay {
  /** Lets the batch in hand finish, then stops. */
  stop(): Promise<void>
}

/**
 * Moves what the outbox owes into the queues, woken by PostgreSQL at each commit. While the database or the engine
 * is away it tries again, ever more slowly up to each 5 seconds. Any number of relays may run.
 */
export function relayOutbox(
  { config, db, clock, log }: Pick<Deps, 'config' | 'db' | 'clock' | 'log'>,
  engine: QueueEngine,
  { restoreEveryMs = 30 * SECOND, olderThanMs = MINUTE, alsoRestore = async () => {} }: RelayOptions = {},
): Relay {
  const wakeSignal = new WakeSignal()
  const listener = listenToOutbox(config.DATABASE_URL, log, () => wakeSignal.wake())
  const stopping = new AbortController()
  const outage = watchOutage(log, {
    began: 'The outbox cannot be relayed. Work waits in it; the relay keeps trying.',
    ended: 'The outbox is relayed again.',
  })
  let restoreAt = 0

  async function round(): Promise<void> {
    while (!stopping.signal.aborted && (await dispatchBatch(db, engine, clock.now())));
    if (stopping.signal.aborted || Date.now() < restoreAt) return
    await restoreJobs(db, engine, clock.now(), olderThanMs)
    await alsoRestore()
    restoreAt = Date.now() + restoreEveryMs
  }

  async function relay(): Promise<void> {
    let failures = 0
    while (!stopping.signal.aborted) {
      try {
        await round()
        outage.ended()
        failures = 0
        await wakeSignal.wait(restoreAt - Date.now())
        await sleep(GATHER_MS)
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
