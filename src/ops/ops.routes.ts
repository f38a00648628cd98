import { type Request, type RequestHandler, type Response, Router } from 'express'
import { refuse } from '../access/refuse.ts'
import { mayOperate } from '../access/rules.ts'
import { viewPage, visitOf } from '../access/visit.ts'
import { readTiles } from '../applications/tiles.queries.ts'
import type { Deps } from '../deps.ts'
import { actingSessionOf } from '../gate/acting-session.ts'
import { factsOf } from '../gate/facts.ts'
import { personOf, proofsOf } from '../gate/gate.ts'
import { poll } from '../gate/poll.ts'
import { readLastBackup } from '../platform/db/backup-marks.queries.ts'
import { readProcesses } from '../platform/db/processes.queries.ts'
import { readServer } from '../platform/db/server.queries.ts'
import { readForm } from '../platform/http/form.ts'
import { noticeFor } from '../platform/http/notice.ts'
import { originOf } from '../platform/http/origin.ts'
import { countListeners } from '../platform/outbox/listeners.queries.ts'
import type { QueueEngine } from '../platform/outbox/queues.ts'
import { ageText } from '../platform/time/duration-text.ts'
import { backupView } from './backup-view.ts'
import { readLocks } from './locks.queries.ts'
import type { Metrics } from './metrics.ts'
import { readOldestByQueue, readOutbox, readUnfinishedWork } from './outbox.queries.ts'
import { queueBoard } from './queue-board.ts'
import { queueJobs } from './queue-jobs.ts'
import { readQueueLines } from './queue-lines.ts'
import { queuesAway, reachQueues } from './reach-queues.ts'
import { readRecentEvents } from './recent.queries.ts'
import { retryFailedWork } from './retry-failed-work.ts'
import { readSealing } from './sealing.queries.ts'
import { lastDay, lastHour, signInCharts } from './sign-in-charts.ts'
import { readSignInCounts } from './sign-in-counts.queries.ts'
import { signInRates } from './sign-in-rates.ts'
import { readUnansweredLogouts } from './unanswered-logouts.queries.ts'

/** The operators' pages: queues, outbox, mail and locks. They show numbers and ids, never names of people. */
export function opsRoutes(deps: Deps, engine: QueueEngine, metrics: Metrics): Router {
  const { clock } = deps
  const routes = Router({ caseSensitive: true, strict: true })
  const lookAgain = poll(clock)

  routes.use('/ops', operatorOnly(deps))

  routes.get('/ops', async (req, res) => {
    if (req.get('HX-Request')) lookAgain(req, res, () => {})
    await renderOperations(deps, engine, req, res)
  })

  routes.post('/ops/outbox/retry', readForm, async (req, res) => {
    const outcome = await retryFailedWork(deps, { actor: actingSessionOf(req), origin: originOf(req) })
    if (outcome === 'not-allowed') return refuse(res, 'unknown')
    res.redirect(303, '/ops')
  })

  routes.get('/ops/metrics', async (_req, res) => {
    await metrics.answer(res)
  })

  routes.use(['/ops/queues', '/ops/jobs'], reachQueues(engine))
  routes.use('/ops/queues', queueBoard(clock, '/ops/queues'))
  routes.use('/ops/jobs', queueJobs(deps))
  routes.use(['/ops/queues', '/ops/jobs'], queuesAway(engine))
  return routes
}

async function renderOperations(
  { db, clock, config }: Deps,
  engine: QueueEngine,
  req: Request,
  res: Response,
): Promise<void> {
  const now = clock.now()
  const person = personOf(res)
  const [hour, day] = [lastHour(now), lastDay(now)]
  const { timeZone } = res.locals
  const [
    server,
    processes,
    recent,
    queues,
    oldest,
    outbox,
    listeners,
    unfinished,
    unanswered,
    locks,
    sealing,
    tiles,
    backup,
    hourly,
    daily,
  ] = await Promise.all([
    readServer(db),
    readProcesses(db),
    readRecentEvents(db),
    readQueueLines(engine),
    readOldestByQueue(db),
    readOutbox(db),
    countListeners(db),
    readUnfinishedWork(db),
    readUnansweredLogouts(db),
    readLocks(db, now, config.ADDRESS_ATTEMPTS),
    readSealing(db),
    readTiles(db, person, factsOf(proofsOf(req), person, now).codeProven),
    readLastBackup(db),
    readSignInCounts(db, hour),
    readSignInCounts(db, day),
  ])
  res.render('ops/ops', {
    // The Home of operators: '/' leads here.
    notice: noticeFor(req, '/'),
    tiles,
    now,
    server,
    processes,
    engine: engine.kind === 'redis' ? 'Redis' : 'PostgreSQL',
    rates: signInRates(recent),
    queues: queues?.map((line) => ({ ...line, oldest: ageOrNull(oldest.get(line.name)) })),
    outbox: {
      ...outbox,
      lag: ageOrNull(outbox.lagMs),
      oldestPending: ageOrNull(outbox.oldestPendingMs),
    },
    listeners,
    unfinished: unfinished.map((work) => ({ ...work, age: ageText(work.ageMs) })),
    unanswered,
    locks,
    sealing,
    backup: backupView(backup, now),
    charts: { hour: signInCharts(hourly, hour, timeZone), day: signInCharts(daily, day, timeZone) },
  })
}

function ageOrNull(ms: number | null | undefined): string | null {
  return ms === null || ms === undefined ? null : ageText(ms)
}

/** For all others, /ops does not exist. */
function operatorOnly(deps: Pick<Deps, 'db' | 'clock'>): RequestHandler {
  return async (req, res, next) => {
    const view = await viewPage(deps, visitOf(req, res), mayOperate)
    if (view.ok) next()
    else refuse(res, view.refusal)
  }
}
