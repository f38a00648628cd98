import { Router } from 'express'
import postgres from 'postgres'
import type { Deps } from '../../deps.ts'
import { Deadline, withDeadline } from '../db/deadline.ts'
import { newestMigration, selectMigrated } from '../db/pending-migrations.ts'
import { countListeners } from '../outbox/listeners.queries.ts'
import { SECOND } from '../time/durations.ts'
import { TooSlowError } from './errors.ts'

const PATIENCE_MS = 1.8 * SECOND
const RETRY_AFTER_SECONDS = 5
/** SQLSTATE: there is no such table or schema, so that nothing was migrated yet. */
const NEVER_MIGRATED = ['42P01', '3F000']
/** SQLSTATE: this role may not read it, so that what is pending cannot be known. */
const NOT_TOLD = '42501'

type HealthDeps = Pick<Deps, 'sql' | 'ask' | 'db' | 'clock' | 'refusesWrites'>

interface State {
  /** The database answers, and its time is known. */
  database: boolean
  /** It takes changes: it is no standby and not set to read only, and its disk was not full a moment ago. */
  writable: boolean
  /** It has every migration of this build. */
  migrated: boolean
  /** A worker listens for new work. */
  relayListening: boolean
}

const AWAY: State = { database: false, writable: false, migrated: false, relayListening: false }

/**
 * For what watches the process: alive, and able to serve. `draining` says that it is about to stop. That no relay
 * listens for new work is told, but does not make web unready: people can still sign in.
 */
export function healthRoutes(deps: HealthDeps, draining: () => boolean): Router {
  const routes = Router({ caseSensitive: true, strict: true })
  const newest = newestMigration()

  routes.get('/healthz', (_req, res) => {
    res.json({ status: 'ok' })
  })

  routes.get('/readyz', async (_req, res) => {
    const state = await stateInTime(deps, newest)
    const ready = state.database && state.writable && state.migrated && !draining()
    if (!ready) res.set('Retry-After', String(RETRY_AFTER_SECONDS))
    res
      .status(ready ? 200 : 503)
      .json({ status: ready ? 'ready' : 'not ready', ...state, draining: draining() })
  })

  return routes
}

function stateInTime(deps: HealthDeps, newest: number): Promise<State> {
  const deadline = new Deadline()
  const timer = setTimeout(() => deadline.pass(new TooSlowError()), PATIENCE_MS)
  return withDeadline(deadline, () => readState(deps, newest))
    .catch(() => AWAY)
    .finally(() => clearTimeout(timer))
}

async function readState(deps: HealthDeps, newest: number): Promise<State> {
  const { db, sql, ask, clock, refusesWrites } = deps
  // Without its time nothing can be answered.
  clock.now()
  const [[setting], migrated, listeners] = await Promise.all([
    ask(() => sql<[{ readOnly: string }]>`select current_setting('transaction_read_only') as "readOnly"`),
    ask(() => selectMigrated(sql, newest)).then(([row]) => row.migrated, whyUnknown),
    countListeners(db).catch(() => 0),
  ])
  return {
    database: true,
    writable: setting.readOnly === 'off' && !refusesWrites(),
    migrated,
    relayListening: listeners > 0,
  }
}

/** Whether the migrations count as there although they could not be read. */
function whyUnknown(error: unknown): boolean {
  if (error instanceof postgres.PostgresError && NEVER_MIGRATED.includes(error.code)) return false
  if (error instanceof postgres.PostgresError && error.code === NOT_TOLD) return true
  throw error
}
