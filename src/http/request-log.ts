import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RequestHandler } from 'express'
import { pinoHttp } from 'pino-http'
import { describeError, type Logger } from '../log.ts'

/** Gives each request an id of ours and logs its end: method, route, status, time. Never its URL, which may be a token. */
export function requestLog(log: Logger): RequestHandler {
  return pinoHttp({
    logger: log,
    genReqId: (_req, res) => {
      const id = randomUUID()
      res.setHeader('X-Request-Id', id)
      return id
    },
    quietReqLogger: true,
    quietResLogger: true,
    customAttributeKeys: { reqId: 'requestId' },
    autoLogging: { ignore: (req) => req.url === '/healthz' || req.url === '/readyz' },
    customLogLevel: (_req, res) => (res.statusCode >= 500 ? 'warn' : 'info'),
    // Our own for errors too: pino's would log the values of a failed query.
    wrapSerializers: false,
    serializers: { err: describeError, req: () => undefined, res: () => undefined },
    customSuccessObject: (req, res, { responseTime }) => summaryOf(req, res, responseTime),
    customErrorObject: (req, res, _error, { responseTime }) => summaryOf(req, res, responseTime),
    customSuccessMessage: () => 'request',
    customErrorMessage: () => 'request',
  })
}

function summaryOf(req: IncomingMessage, res: ServerResponse, ms: unknown) {
  return { method: req.method, route: 'route' in req ? pathOf(req.route) : null, status: res.statusCode, ms }
}

function pathOf(route: unknown): unknown {
  return typeof route === 'object' && route !== null && 'path' in route ? route.path : null
}
