import type { Request, RequestHandler, Response } from 'express'
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Deps } from '../deps.ts'
import { patienceWithin } from '../platform/db/deadline.ts'
import { QUEUES } from '../platform/outbox/jobs.ts'
import { countListeners } from '../platform/outbox/listeners.queries.ts'
import type { QueueEngine } from '../platform/outbox/queues.ts'
import { SECOND } from '../platform/time/durations.ts'
import { within } from '../platform/time/within.ts'
import { readLocks } from './locks.queries.ts'
import { readOldestByQueue, readOutbox } from './outbox.queries.ts'
import { type QueueLine, readQueueLines } from './queue-lines.ts'
import { readSealing } from './sealing.queries.ts'
import { readUnansweredLogouts } from './unanswered-logouts.queries.ts'

const PATIENCE_MS = 2 * SECOND

export interface Metrics {
  observe: RequestHandler
  answer(res: Response): Promise<void>
}

export function openMetrics({ db, clock, config }: Deps, engine: QueueEngine): Metrics {
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
  const queuesUp = gauge('queues_up', 'Whether the queue engine answers.')
  const jobs = gauge('queue_jobs', 'Jobs in a queue, by state.', ['queue', 'state'])
  const oldest = gauge('queue_oldest_waiting_seconds', 'How long the oldest job that is due has waited.', [
    'queue',
  ])
  const databaseUp = gauge('database_up', 'Whether PostgreSQL answers.')
  const undispatched = gauge('outbox_undispatched_jobs', 'Jobs not handed to a queue yet.')
  const lag = gauge('outbox_lag_seconds', 'How long the oldest undispatched job has waited.')
  const pending = gauge(
    'outbox_oldest_pending_seconds',
    'How long the oldest job that is due has waited, in a queue or not.',
  )
  const listening = gauge('relays_listening', 'Relays that LISTEN for new work; 0 is an error.')
  const failed = gauge('outbox_failed_jobs', 'Jobs out of retries.')
  const mails = gauge('undelivered_mails', 'Mails that are not delivered yet.')
  const unanswered = gauge(
    'unanswered_logouts',
    'Ended sessions that an application has not confirmed for an hour.',
    ['application'],
  )
  const unsealed = gauge('audit_unsealed_events', 'Audit events that are not sealed yet.')
  const locks = gauge('locks_in_force', 'Locks in force, by kind.', ['kind'])

  function showQueues(lines: QueueLine[] | null): void {
    queuesUp.set(lines ? 1 : 0)
    jobs.reset()
    for (const { name, ...states } of lines ?? [])
      for (const [state, count] of Object.entries(states)) jobs.set({ queue: name, state }, count)
  }

  async function readDatabase() {
    return {
      outbox: await readOutbox(db),
      oldestByQueue: await readOldestByQueue(db),
      listeners: await countListeners(db),
      sealing: await readSealing(db),
      logouts: await readUnansweredLogouts(db),
      inForce: await readLocks(db, clock.now(), config.ADDRESS_ATTEMPTS),
    }
  }

  function showDatabase(state: Awaited<ReturnType<typeof readDatabase>> | null): void {
    databaseUp.set(state ? 1 : 0)
    for (const shown of [undispatched, lag, pending, listening, failed, mails, unsealed]) shown.remove()
    locks.reset()
    oldest.reset()
    unanswered.reset()
    if (!state) return
    const { outbox, oldestByQueue, listeners, sealing, logouts, inForce } = state
    for (const queue of QUEUES) oldest.set({ queue }, (oldestByQueue.get(queue) ?? 0) / SECOND)
    undispatched.set(outbox.undispatched)
    lag.set((outbox.lagMs ?? 0) / SECOND)
    pending.set((outbox.oldestPendingMs ?? 0) / SECOND)
    listening.set(listeners)
    failed.set(outbox.failed)
    mails.set(outbox.undeliveredMails)
    unsealed.set(sealing.unsealed)
    for (const { applicationId, sessions } of logouts)
      unanswered.set({ application: applicationId }, sessions)
    locks.set({ kind: 'password' }, inForce.password)
    locks.set({ kind: 'code' }, inForce.code)
    locks.set({ kind: 'address' }, inForce.addresses)
  }

  return {
    observe(req, res, next) {
      const end = durations.startTimer()
      res.once('finish', () => end({ method: req.method, route: routeOf(req), status: res.statusCode }))
      next()
    },
    async answer(res) {
      const [lines, state] = await Promise.all([
        readQueueLines(engine),
        within(patienceWithin(PATIENCE_MS), readDatabase()).catch(() => null),
      ])
      showQueues(lines)
      showDatabase(state)
      res.type(registry.contentType).send(await registry.metrics())
    },
  }
}

/** The route and not the path, which may hold a token. */
function routeOf(req: Request): string {
  const path: unknown = req.route?.path
  return typeof path === 'string' ? req.baseUrl + path : 'none'
}
