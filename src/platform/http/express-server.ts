import { createServer, IncomingMessage, type Server, ServerResponse } from 'node:http'
import express, { type Express, type Request, type Response } from 'express'
import { MINUTE, SECOND } from '../time/durations.ts'

/** Against clients that hold connections by sending slowly. An upload of 2 MB on a slow line takes its time. */
const LIMITS = {
  headersTimeout: 15 * SECOND,
  requestTimeout: 2 * MINUTE,
  connectionsCheckingInterval: 5 * SECOND,
}

/**
 * An HTTP server and the Express application that is to answer it, whose requests and responses are the application's
 * from the start. Express would change the prototype of each as it comes in, after which V8 never again knows one to be
 * like another, and looks up whatever is asked of them the slow way: a page cost half as much again. An idle connection
 * stays open for `keepAliveMs`: longer than the proxy keeps it, or the proxy sends a request on one that is just closing.
 */
export function createExpressServer(keepAliveMs = 75 * SECOND): { server: Server; app: Express } {
  const app = express()
  class AppRequest extends IncomingMessage {}
  class AppResponse<R extends IncomingMessage> extends ServerResponse<R> {}
  Object.setPrototypeOf(AppRequest.prototype, app.request)
  Object.setPrototypeOf(AppResponse.prototype, app.response)
  app.request = AppRequest.prototype as Request
  app.response = AppResponse.prototype as Response
  const server = createServer({
    IncomingMessage: AppRequest,
    ServerResponse: AppResponse,
    keepAliveTimeout: keepAliveMs,
    ...LIMITS,
  })
  return { app, server }
}
