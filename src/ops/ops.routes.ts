import { Router } from 'express'
import { refuse } from '../access/refuse.ts'
import type { Deps } from '../deps.ts'
import { actingSessionOf } from '../gate/acting-session.ts'
import { glance } from '../gate/glance.ts'
import { readForm } from '../http/form.ts'
import { originOf } from '../http/origin.ts'
import { countListeners } from '../outbox/listeners.queries.ts'
import type { QueueEngine } from '../outbox/queues.ts'
import { ageText } from './age-text.ts'
import { readLocks } from './locks.queries.ts'
import type { Metrics } from './metrics.ts'
import { operatorOnly } from './operator-only.ts'
import { readOldestByQueue, readOutbox, readUnfinishedWork } from './outbox.queries.ts'
import { queueBoard } from './queue-board.ts'
import { readQueueLines } from './queue-lines.ts'
import { retryFailedWork } from './retry-failed-work.ts'
import { readSealing } from './sealing.queries.ts'

/** The operators' pages: queues, outbox, mail and locks. Numbers and ids, and nobody's name. */
export function opsRoutes(deps: Deps, engine: QueueEngine, metrics: Metrics): Router {
  const { db, clock, config } = deps
  const routes = Router({ caseSensitive: true, strict: true })
  const lookAgain = glance(clock)

  routes.use('/ops', operatorOnly(deps))

  routes.get('/ops', async (req, res) => {
    // Only the page itself asks this way.
    if (req.get('HX-Request')) lookAgain(req, res, () => {})
    const now = clock.now()
    const [queues, oldest, outbox, listeners, unfinished, locks, sealing] = await Promise.all([
      readQueueLines(engine),
      readOldestByQueue(db),
      readOutbox(db),
      countListeners(db),
      readUnfinishedWork(db),
      readLocks(db, now, config.ADDRESS_ATTEMPTS),
      readSealing(db),
    ])
    res.render('ops/ops', {
      now,
      queues: queues?.map((line) => ({ ...line, oldest: ageOrNull(oldest.get(line.name)) })),
      outbox: {
        ...outbox,
        lag: ageOrNull(outbox.lagMs),
        oldestPending: ageOrNull(outbox.oldestPendingMs),
      },
      listeners,
      unfinished: unfinished.map((work) => ({ ...work, age: ageText(work.ageMs) })),
      locks,
      sealing,
    })
  })

  routes.post('/ops/outbox/retry', readForm, async (req, res) => {
    const outcome = await retryFailedWork(deps, { actor: actingSessionOf(req), origin: originOf(req) })
    if (outcome === 'not-allowed') return refuse(res, 'unknown')
    res.redirect(303, '/ops')
  })

  routes.get('/ops/metrics', async (_req, res) => {
    await metrics.answer(res)
  })

  routes.use('/ops/queues', queueBoard(deps, engine, '/ops/queues'))
  return routes
}

function ageOrNull(ms: number | null | undefined): string | null {
  return ms === null || ms === undefined ? null : ageText(ms)
}
