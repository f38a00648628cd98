import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { SECOND } from '../src/time/durations.ts'

const AGAIN_AFTER_MS = SECOND

/**
 * Calls `ring` at each commit that owes something, and whenever the connection is new: what came before was not
 * heard. A lost connection is made anew until `stop`.
 */
export function listenToOutbox(connectionString: string, ring: () => void): { stop(): Promise<void> } {
  const stopping = new AbortController()

  async function listen(): Promise<void> {
    const client = new pg.Client({
      connectionString,
      application_name: 'portcullis-relay',
      connectionTimeoutMillis: 5 * SECOND,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10 * SECOND,
    })
    // An error ends the connection; its end is what is waited for.
    client.on('error', () => {}).on('notification', ring)
    try {
      await client.connect()
      await client.query('listen outbox')
      ring()
      await once(client, 'end', { signal: stopping.signal })
    } finally {
      await client.end()
    }
  }

  async function keepListening(): Promise<void> {
    while (!stopping.signal.aborted) {
      await listen().catch(() => {})
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
