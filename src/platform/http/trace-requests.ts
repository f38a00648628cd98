import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { RequestHandler } from 'express'
import { tracer } from '../span.ts'
import { routeOf } from './route-of.ts'

/**
 * A trace for each request. It begins here: a `traceparent` from the internet would let a client choose what is
 * exported.
 */
export const traceRequests: RequestHandler = (req, res, next) => {
  const span = tracer.startSpan(
    req.method,
    {
      kind: SpanKind.SERVER,
      attributes: { 'http.request.method': req.method, 'portcullis.request_id': req.id },
    },
    ROOT_CONTEXT,
  )
  res.once('close', () => {
    const route = routeOf(req)
    if (route !== null) span.updateName(`${req.method} ${route}`).setAttribute('http.route', route)
    span.setAttribute('http.response.status_code', res.statusCode)
    if (res.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
    span.end()
  })
  context.with(trace.setSpan(ROOT_CONTEXT, span), next)
}
