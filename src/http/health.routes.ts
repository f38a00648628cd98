import { Router } from 'express'
import type { Deps } from '../deps.ts'
import { countListeners } from '../outbox/listeners.queries.ts'
import { SECOND } from '../time/durations.ts'
import { within } from '../time/within.ts'

const PATIENCE_MS = 2 * SECOND

/**
 * For what watches the process: alive, and able to serve. `draining` says that it is about to stop. That no relay
 * listens for new work is told, but does not make web unready: people can still sign in.
 */
export function healthRoutes(deps: Pick<Deps, 'sql' | 'db' | 'clock'>, draining: () => boolean): Router {
  const routes = Router({ caseSensitive: true, strict: true })

  routes.get('/healthz', (_req, res) => {
    res.json({ status: 'ok' })
  })

  routes.get('/readyz', async (_req, res) => {
    const [database, relayListening] = await Promise.all([databaseAnswers(deps), relayListens(deps)])
    const ready = database && !draining()
    res
      .status(ready ? 200 : 503)
      .json({ status: ready ? 'ready' : 'not ready', database, relayListening, draining: draining() })
  })

  return routes
}

/** Also whether its time is known, and whether it was migrated at all: without tables there is nothing to serve. */
async function databaseAnswers({ sql, clock }: Pick<Deps, 'sql' | 'clock'>): Promise<boolean> {
  try {
    await within(PATIENCE_MS, sql`select from users limit 0`)
    clock.now()
    return true
  } catch {
    return false
  }
}

function relayListens({ db }: Pick<Deps, 'db'>): Promise<boolean> {
  return within(PATIENCE_MS, countListeners(db)).then(
    (listeners) => listeners > 0,
    () => false,
  )
}
