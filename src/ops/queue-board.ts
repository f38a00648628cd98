// bull-board in read-only mode. Operators change jobs on our own pages: see queue-jobs.ts.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createBullBoard } from '@bull-board/api'
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import { ExpressAdapter } from '@bull-board/express'
import express, { type RequestHandler, Router } from 'express'
import { poll } from '../gate/poll.ts'
import { ForbiddenError } from '../platform/http/errors.ts'
import type { Clock } from '../platform/time/clock.ts'

export function queueBoard(clock: Clock, path: string): Router {
  const serverAdapter = new ExpressAdapter().setBasePath(path)
  const board = createBullBoard({
    queues: [],
    serverAdapter,
    options: {
      uiConfig: {
        boardTitle: 'Queues',
        locale: { lng: 'en-GB' },
        hideRedisDetails: true,
        hideDocsLink: true,
        miscLinks: [{ text: 'Operations', url: '/ops' }],
      },
    },
  })
  const routes = Router({ caseSensitive: true })

  routes.use((req, res, next) => {
    if (req.method !== 'GET' && req.method !== 'HEAD')
      throw new ForbiddenError('The queue dashboard is read-only.')
    const queues = [...(res.locals.queues?.values() ?? [])]
    board.setQueues(
      queues.map((queue) => new BullMQAdapter(queue, { readOnlyMode: true, allowRetries: false })),
    )
    next()
  })
  routes.use('/api', poll(clock))
  routes.use(show(serverAdapter))
  return routes
}

function show(board: ExpressAdapter): RequestHandler {
  const application = board.getRouter().disable('x-powered-by')
  // Mounted in an application, it gives request and response back when it goes on.
  const { router } = express().use(application)
  const policy = boardPolicy()
  return (req, res, next) => {
    const pagesPolicy = res.get('Content-Security-Policy')
    res.set('Content-Security-Policy', policy)
    router(req, res, (error) => {
      res.set('Content-Security-Policy', pagesPolicy)
      next(error)
    })
  }
}

/** The page has a <base> and a styled 'Loading' sign, whose inline styles are allowed by their hashes. */
function boardPolicy(): string {
  const api = createRequire(createRequire(import.meta.url).resolve('@bull-board/api'))
  const page = readFileSync(
    join(dirname(api.resolve('@bull-board/ui/package.json')), 'dist', 'index.ejs'),
    'utf8',
  )
  const styles = [...page.matchAll(/ style="([^"]*)"|<style>([^<]*)<\/style>/g)].map(
    ([, attribute, element]) => attribute ?? element ?? '',
  )
  const hashes = styles.map((style) => `'sha256-${createHash('sha256').update(style).digest('base64')}'`)
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'unsafe-hashes' ${hashes.join(' ')}`,
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'self'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}
