import { createServer, type RequestListener, type Server } from 'node:http'
import type { Express, Request, Response } from 'express'
import { MINUTE, SECOND } from '../time/durations.ts'
import { lastResort } from './errors.ts'

/** Against clients that hold connections by sending slowly. An upload of 2 MB takes time on a slow line. */
const LIMITS = {
  headersTimeout: 15 * SECOND,
  requestTimeout: 2 * MINUTE,
  connectionsCheckingInterval: 5 * SECOND,
}

/** `keepAliveMs` must exceed that of the proxy. Otherwise the proxy sends requests on connections that close. */
export function createHttpServer(keepAliveMs = 75 * SECOND): Server {
  return createServer({ keepAliveTimeout: keepAliveMs, ...LIMITS })
}

/** The application as a request listener. Errors that its error pages cannot handle go to `lastResort`. */
export function listenerOf(app: Express): RequestListener {
  return (req, res) => {
    // Express sets these prototypes first.
    const [request, response] = [req as Request, res as Response]
    app(request, response, lastResort(request, response))
  }
}
