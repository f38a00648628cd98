import type { Queue } from 'bullmq'
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express'
import { patienceWithin } from '../platform/db/deadline.ts'
import { renderNotFound } from '../platform/http/errors.ts'
import { QUEUES } from '../platform/outbox/jobs.ts'
import type { QueueEngine } from '../platform/outbox/queues.ts'
import { SECOND } from '../platform/time/durations.ts'
import { within } from '../platform/time/within.ts'

const PATIENCE_MS = 2 * SECOND

declare global {
  namespace Express {
    interface Locals {
      queues?: ReadonlyMap<string, Queue>
    }
  }
}

/** Every queue; rejects within two seconds while the engine is away or hangs. */
export function openQueues(engine: QueueEngine): Promise<Queue[]> {
  return within(patienceWithin(PATIENCE_MS), openAndAsk(engine))
}

async function openAndAsk(engine: QueueEngine): Promise<Queue[]> {
  const queues = await Promise.all(QUEUES.map((name) => engine.queue(name)))
  // An open connection does not prove that the engine answers.
  await queues[0]?.getActiveCount()
  return queues
}

/** Opens the queues for the routes after it; answers 503 while the engine is away. */
export function reachQueues(engine: QueueEngine): RequestHandler {
  return async (req, res, next) => {
    // PostgreSQL stores no NUL in a text.
    if (req.url.includes('%00')) return renderNotFound(res)
    const queues = await openQueues(engine).catch(() => null)
    if (!queues) return renderAway(req, res)
    res.locals.queues = new Map(queues.map((queue) => [queue.name, queue]))
    next()
  }
}

/** Answers 503 for any error of an engine that died during the request. */
export function queuesAway(engine: QueueEngine): ErrorRequestHandler {
  return async (error, req, res, next) => {
    if (await openQueues(engine).catch(() => null)) next(error)
    else renderAway(req, res)
  }
}

function renderAway(req: Request, res: Response): void {
  const advice = 'The queues cannot be reached. Outstanding work waits in the outbox until they are back.'
  res.status(503)
  // The dashboard's script shows this message.
  if (req.path.startsWith('/api/')) res.json({ message: advice })
  else res.render('errors/error', { status: 503, title: 'The queues are away', advice })
}
