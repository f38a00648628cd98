import { DrizzleQueryError, sql } from 'drizzle-orm'
import { Router } from 'express'
import postgres from 'postgres'
import type { Deps } from '../../deps.ts'
import { Deadline, withDeadline } from '../db/deadline.ts'
import { hasMigrations, newestMigration } from '../db/pending-migrations.ts'
import { countListeners } from '../outbox/listeners.queries.ts'
import { SECOND } from '../time/durations.ts'
import { TooSlowError } from './errors.ts'

const PATIENCE_MS = 1.8 * SECOND
const RETRY_AFTER_SECONDS = 5
const NEVER_MIGRATED = ['42P01', '3F000']
const INSUFFICIENT_PRIVILEGE = '42501'

type HealthDeps = Pick<Deps, 'gateDb' | 'clock' | 'refusesWrites'>

interface State {
  database: boolean
  writable: boolean
  migrated: boolean
  relayListening: boolean
}

const AWAY: State = { database: false, writable: false, migrated: false, relayListening: false }

/** Liveness and readiness. A missing relay is reported but does not make web unready: users can still sign in. */
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
  const { gateDb, clock, refusesWrites } = deps
  clock.now()
  // Not on `db`, where they would wait behind the statements of every request.
  const [[setting], migrated, listeners] = await Promise.all([
    gateDb.execute<{ readOnly: string }>(sql`select current_setting('transaction_read_only') as "readOnly"`),
    hasMigrations(gateDb, newest).catch(migratedDespite),
    countListeners(gateDb).catch(() => 0),
  ])
  return {
    database: true,
    writable: setting?.readOnly === 'off' && !refusesWrites(),
    migrated,
    relayListening: listeners > 0,
  }
}

function migratedDespite(error: unknown): boolean {
  const cause = error instanceof DrizzleQueryError ? error.cause : error
  if (cause instanceof postgres.PostgresError && NEVER_MIGRATED.includes(cause.code)) return false
  if (cause instanceof postgres.PostgresError && cause.code === INSUFFICIENT_PRIVILEGE) return true
  throw error
}
