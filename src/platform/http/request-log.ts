import { randomUUID } from 'node:crypto'
import type { RequestHandler } from 'express'
import type { Logger } from '../log.ts'
import { routeOf } from './route-of.ts'

declare global {
  namespace Express {
    interface Request {
      id: string
      log: Logger
    }
  }
}

const QUIET = new Set(['/healthz', '/readyz'])

/** Logs method, route, status and milliseconds. Never the URL, which may hold a token, and never a header. */
export function requestLog(log: Logger): RequestHandler {
  return (req, res, next) => {
    const since = performance.now()
    // Node caches it, so that the address stays known after the client disconnects.
    void req.socket.remoteAddress
    req.id = randomUUID()
    req.log = log.child({ requestId: req.id })
    res.setHeader('X-Request-Id', req.id)
    res.once('close', () => {
      if (QUIET.has(req.path)) return
      const status = res.writableFinished ? res.statusCode : 'the client left'
      const ms = Math.round(performance.now() - since)
      req.log.info({ method: req.method, route: routeOf(req), status, ms }, 'request')
    })
    next()
  }
}
