import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { readConnection } from '../src/platform/db/connection.ts'
import type { Logger } from '../src/platform/log.ts'
import { LISTENER_NAME } from '../src/platform/outbox/listeners.queries.ts'
import { watchOutage } from '../src/platform/outbox/watch-outage.ts'
import { SECOND } from '../src/platform/time/durations.ts'

const AGAIN_AFTER_MS = SECOND

/** Uses `pg`: `listen` of `postgres` gives up silently when its first reconnection fails. */
export function listenToOutbox(address: string, log: Logger, wake: () => void): { stop(): Promise<void> } {
  const { url, ssl } = readConnection(address)
  const stopping = new AbortController()
  const outage = watchOutage(log, {
    began:
      'The worker cannot LISTEN for new work. It finds it up to 30 s late. Check DATABASE_URL and its sslmode; a pooler must hold sessions.',
    ended: 'The worker listens for new work again.',
  })

  async function listen(): Promise<void> {
    const client = new pg.Client({
      connectionString: url,
      ssl,
      application_name: LISTENER_NAME,
      connectionTimeoutMillis: 5 * SECOND,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10 * SECOND,
    })
    let lostBy: Error | undefined
    client.on('error', (error) => {
      lostBy ??= error
    })
    client.on('notification', wake)
    try {
      await client.connect()
      await client.query('listen outbox')
      outage.ended()
      wake()
      await once(client, 'end', { signal: stopping.signal })
      throw lostBy ?? new Error('the connection ended')
    } finally {
      await client.end()
    }
  }

  async function keepListening(): Promise<void> {
    while (!stopping.signal.aborted) {
      await listen().catch((error) => {
        if (!stopping.signal.aborted) outage.began(error)
      })
      await sleep(AGAIN_AFTER_MS, undefined, { signal: stopping.signal }).catch(() => {})
    }
  }

  const listening = keepListening()
  return {
    async stop() {
      stopping.abort()
      await listening
    },
  }
}
