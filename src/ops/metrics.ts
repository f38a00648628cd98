import type { RequestHandler, Response } from 'express'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Deps } from '../deps.ts'
import { patienceWithin } from '../platform/db/deadline.ts'
import { VERSION } from '../platform/db/process-identity.ts'
import { routeOf } from '../platform/http/route-of.ts'
import type { QueueEngine } from '../platform/outbox/queues.ts'
import { SECOND } from '../platform/time/durations.ts'
import { within } from '../platform/time/within.ts'
import { hashQueueUse } from '../sign-in/password-hash.ts'
import { databaseGauges, readDatabaseState } from './database-gauges.ts'
import { type QueueLine, readQueueLines } from './queue-lines.ts'

const PATIENCE_MS = 2 * SECOND

export interface Metrics {
  observe: RequestHandler
  answer(res: Response): Promise<void>
}

/** What this process counts, and what the database and the queues say at each scrape. */
export function openMetrics(deps: Deps, engine: QueueEngine): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const gauge = <Label extends string = never>(name: string, help: string, labelNames: Label[] = []) =>
    new Gauge({ name: `portcullis_${name}`, help, labelNames, registers })

  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'How long requests took, by route.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  })
  const transitions = new Counter({
    name: 'portcullis_stage_transitions_total',
    help: 'Steps of sign-ins from one stage to another, in this process.',
    labelNames: ['from', 'to'],
    registers,
  })
  const info = gauge('process_info', 'The version of this process.', ['version'])
  const hashing = gauge('password_checks', 'Password checks in this process: running or waiting.', ['state'])
  const statements = gauge('database_statements', 'Statements and transactions of this process, by pool.', [
    'pool',
    'state',
  ])
  const queuesUp = gauge('queues_up', 'Whether the queue engine answers.')
  const jobs = gauge('queue_jobs', 'Jobs in a queue, by state.', ['queue', 'state'])
  const showDatabase = databaseGauges(gauge)
  info.set({ version: VERSION }, 1)

  function showProcess(): void {
    const uses = { main: deps.poolUse.main(), gate: deps.poolUse.gate() }
    for (const [pool, use] of Object.entries(uses))
      for (const [state, count] of Object.entries(use)) statements.set({ pool, state }, count)
    for (const [state, count] of Object.entries(hashQueueUse())) hashing.set({ state }, count)
  }

  function showQueues(lines: QueueLine[] | null): void {
    queuesUp.set(lines ? 1 : 0)
    jobs.reset()
    for (const { name, ...states } of lines ?? [])
      for (const [state, count] of Object.entries(states)) jobs.set({ queue: name, state }, count)
  }

  return {
    observe(req, res, next) {
      const end = durations.startTimer()
      res.once('finish', () => {
        end({ method: req.method, route: routeOf(req) ?? 'none', status: res.statusCode })
        if (res.locals.moved) transitions.inc(res.locals.moved)
      })
      next()
    },
    async answer(res) {
      showProcess()
      const [lines, state] = await Promise.all([
        readQueueLines(engine),
        within(patienceWithin(PATIENCE_MS), readDatabaseState(deps)).catch(() => null),
      ])
      showQueues(lines)
      showDatabase(state)
      res.type(registry.contentType).send(await registry.metrics())
    },
  }
}
