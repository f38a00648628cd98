import { DrizzleQueryError } from 'drizzle-orm'
import type { ErrorRequestHandler, NextFunction, Request, RequestHandler, Response } from 'express'
import { isDatabaseAway } from '../db/database-away.ts'
import { UnavailableError } from '../unavailable-error.ts'

/** Answered 403. The message is shown. */
export class ForbiddenError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ForbiddenError'
  }
}

export class TooSlowError extends UnavailableError {
  constructor() {
    super('No answer in time')
    this.name = 'TooSlowError'
  }
}

declare global {
  namespace Express {
    interface Locals {
      /** The answer goes to a machine. */
      answersJson?: true
    }
  }
}

interface Page {
  status: number
  title: string
  advice: string
  retryAfterSeconds?: number
}

const NOT_FOUND: Page = {
  status: 404,
  title: 'There is nothing here',
  advice: 'The address may be mistyped, or what it named is gone. Start again from your dashboard.',
}

const DATABASE_AWAY: Page = {
  status: 503,
  title: 'We cannot answer just now',
  advice:
    'Something we depend on is being restarted. Nothing you entered was lost on our side. Try again in a moment.',
  retryAfterSeconds: 5,
}

const OVERLOADED: Page = {
  status: 503,
  title: 'Too many people are signing in just now',
  advice: 'No attempt was counted. Try again in a few seconds.',
  retryAfterSeconds: 3,
}

const BUG: Page = {
  status: 500,
  title: 'Something went wrong on our side',
  advice: 'It has been recorded. Try again; if it happens again, give the Service Desk the reference below.',
}

const BAD_REQUESTS: Record<number, Page> = {
  400: {
    status: 400,
    title: 'We could not read that request',
    advice: 'Go back, reload the page and try again.',
  },
  408: {
    status: 408,
    title: 'Your request took too long to arrive',
    advice: 'Nothing was done. Check your connection and send it again.',
  },
  413: { status: 413, title: 'That is too much at once', advice: 'Go back and send less text.' },
  415: { status: 415, title: 'We cannot read that format', advice: 'Send the form from its own page.' },
}

export const notFound: RequestHandler = (_req, res) => renderNotFound(res)

/** What does not exist and what the user may not see must look alike. */
export function renderNotFound(res: Response): void {
  renderError(res, NOT_FOUND)
}

export const errorPages: ErrorRequestHandler = (error: unknown, req, res, _next) => {
  // Already answered 503 by answerInTime.
  if (res.writableEnded || res.locals.gaveUp) return logLate(req, error)
  const page = pageFor(error)
  if (page.status >= 500) req.log.error({ err: error }, page.title)
  // Not passed on: Express would print the whole error with the values of the failed query.
  if (res.headersSent) res.destroy()
  else renderError(res, page)
}

/** Last resort when the error page itself fails. Express would print the error and close the connection. */
export function lastResort(req: Request, res: Response): NextFunction {
  return (error?: unknown) => {
    if (res.headersSent) return logLate(req, error)
    req.log.error({ err: error }, 'no page could be shown, not even that of the error')
    const { status, retryAfterSeconds } = pageFor(error)
    if (retryAfterSeconds) res.set('Retry-After', String(retryAfterSeconds))
    res.status(status >= 500 ? status : 500).end()
  }
}

function logLate(req: Request, error: unknown): void {
  req.log.info({ err: error }, 'failed after its answer')
}

const UNAVAILABLE: Readonly<Record<UnavailableError['page'], Page>> = {
  away: DATABASE_AWAY,
  overloaded: OVERLOADED,
}

function pageFor(thrown: unknown): Page {
  const error = thrown instanceof DrizzleQueryError ? thrown.cause : thrown
  if (error instanceof ForbiddenError)
    return {
      status: 403,
      title: 'This was refused',
      advice: `${error.message} Go back, reload the page and try again.`,
    }
  if (error instanceof UnavailableError) return UNAVAILABLE[error.page]
  // First by status: an aborted request also has the code of a lost connection.
  return BAD_REQUESTS[statusOf(error)] ?? (isDatabaseAway(error) ? DATABASE_AWAY : BUG)
}

function renderError(res: Response, { retryAfterSeconds, ...page }: Page): void {
  if (retryAfterSeconds) res.set('Retry-After', String(retryAfterSeconds))
  res.status(page.status)
  if (res.locals.answersJson) {
    res.json({
      error: page.status >= 500 ? 'server_error' : 'invalid_request',
      error_description: page.title,
    })
    return
  }
  const mayTryAgain = page.status >= 500 && res.req.method === 'GET'
  res.render('errors/error', { ...page, mayTryAgain })
}

function statusOf(error: unknown): number {
  return error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : 500
}
