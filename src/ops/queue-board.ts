// bull-board, to look at. What it may change is done here instead, so that it is limited and recorded.
import { createBullBoard } from '@bull-board/api'
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import { ExpressAdapter } from '@bull-board/express'
import type { Queue } from 'bullmq'
import { type Application, type ErrorRequestHandler, type Request, type Response, Router } from 'express'
import { refuse } from '../access/refuse.ts'
import type { Deps } from '../deps.ts'
import { actingSessionOf } from '../gate/acting-session.ts'
import { poll } from '../gate/poll.ts'
import { renderNotFound } from '../platform/http/errors.ts'
import { originOf } from '../platform/http/origin.ts'
import type { QueueEngine } from '../platform/outbox/queues.ts'
import type { Operation } from './as-operator.ts'
import { boardPolicy } from './board-headers.ts'
import { CHANGE_NAMES, changeJob, retryFailedJobs } from './change-jobs.ts'
import { openQueues } from './queue-lines.ts'

declare global {
  namespace Express {
    interface Locals {
      /** The queues by name, while the engine answers. */
      queues?: ReadonlyMap<string, Queue>
    }
  }
}

/** No button to retry what is completed, which is refused. For the other buttons the board has no option. */
const BUTTONS = { allowRetries: true, allowCompletedRetries: false }

/** Hides what else is never allowed, and names the buttons that the board leaves unnamed. */
const OURS =
  '<link href="/static/queue-board.css" rel="stylesheet"><script src="/static/queue-board.js" defer></script>'

/** Else the page would say "Loading" for ever. */
const WITHOUT_SCRIPT =
  '<noscript><p>The queue dashboard needs JavaScript. <a href="/ops">Operations</a> shows the queues without.</p></noscript>'

/** The board's page, with what is ours. It asks a host of somebody else's for fonts: that is left out. */
function boardPage(theirs: string): string {
  const page = theirs
    .replace(/<link [^>]*fonts\.googleapis\.com[^>]*>/, '')
    .replace('</head>', `${OURS}$&`)
    .replace(/<body[^>]*>/, `$&${WITHOUT_SCRIPT}`)
  if (!page.includes(OURS) || !page.includes(WITHOUT_SCRIPT))
    throw new Error('the page of the queue board has no head or no body')
  return page
}

/** The queue dashboard, below `path`. Who may come here was asked before. */
export function queueBoard(deps: Deps, engine: QueueEngine, path: string): Router {
  const serverAdapter = new ExpressAdapter().setBasePath(path)
  const board = createBullBoard({
    queues: [],
    serverAdapter,
    options: {
      uiConfig: {
        boardTitle: 'Queues',
        hideRedisDetails: true,
        hideDocsLink: true,
        miscLinks: [{ text: 'Operations', url: '/ops' }],
      },
    },
  })
  const show: Application = serverAdapter.getRouter()
  const policy = boardPolicy()
  const routes = Router({ caseSensitive: true })

  // PostgreSQL takes no such character in the name of anything.
  routes.use((req, res, next) => (req.url.includes('%00') ? renderNotFound(res) : next()))
  routes.use(async (req, res, next) => {
    const queues = await openQueues(engine).catch(() => null)
    if (!queues) return sayAway(req, res)
    board.setQueues(queues.map((queue) => new BullMQAdapter(queue, BUTTONS)))
    res.locals.queues = new Map(queues.map((queue) => [queue.name, queue]))
    next()
  })

  routes.put('/api/queues/:queue/retry/failed', async (req, res) => {
    const queue = res.locals.queues?.get(req.params.queue)
    if (!queue) return refuseChange(res)
    const retried = await retryFailedJobs(deps, queue, operationOf(req))
    if (retried === 'not-allowed') return refuse(res, 'unknown')
    res.json({ retried, skipped: 0 })
  })
  for (const name of CHANGE_NAMES)
    routes.put(`/api/queues/:queue/:job/${name}`, async (req, res) => {
      const queue = res.locals.queues?.get(req.params.queue)
      if (!queue) return refuseChange(res)
      const jobId = req.params.job
      const outcome = await changeJob(deps, queue, { name, jobId, ...operationOf(req) })
      if (outcome === 'not-allowed') return refuse(res, 'unknown')
      if (outcome === 'done') res.sendStatus(204)
      else refuseChange(res, 'This job is gone, or is in a state that does not allow this.', 409)
    })
  routes.use((req, res, next) => {
    if (req.method === 'GET' || req.method === 'HEAD') next()
    else refuseChange(res)
  })

  // Whatever an engine that has died meanwhile calls its error: it is away.
  const sayIfAway: ErrorRequestHandler = async (error, req, res, next) => {
    if (await openQueues(engine).catch(() => null)) next(error)
    else sayAway(req, res)
  }
  routes.use(sayIfAway)

  routes.use('/api', poll(deps.clock))
  // Its page, with what is ours. Where it goes on to our pages, these are shown as ever.
  routes.use((req, res, next) => {
    const pagesPolicy = res.get('Content-Security-Policy')
    const goOn = (error?: unknown) => {
      Reflect.deleteProperty(res, 'render')
      res.set('Content-Security-Policy', pagesPolicy)
      next(error)
    }
    res.setHeader('Content-Security-Policy', policy)
    res.render = (view: string, params?: object) =>
      show.render(view, params, (error: Error | null, page = '') => {
        if (error) goOn(error)
        else res.send(boardPage(page))
      })
    // Its routes alone: as an application it would make request and response its own.
    show.router(req, res, goOn)
  })
  return routes
}

function operationOf(req: Request): Operation {
  return { actor: actingSessionOf(req), origin: originOf(req) }
}

function refuseChange(
  res: Response,
  message = 'From here a job can be retried, promoted or removed, and nothing else.',
  status = 403,
): void {
  res.status(status).json({ error: { key: 'ERRORS.FORBIDDEN' }, message })
}

function sayAway(req: Request, res: Response): void {
  const advice = 'The queues cannot be reached. Outstanding work waits in the outbox until they are back.'
  res.status(503)
  if (req.path.startsWith('/api/'))
    res.json({ error: { key: 'ERRORS.INTERNAL_SERVER_ERROR' }, message: advice })
  else res.render('errors/error', { status: 503, title: 'The queues are away', advice })
}
