import type { RequestHandler } from 'express'
import createHttpError from 'http-errors'
import { Deadline, withDeadline } from '../db/deadline.ts'
import { SECOND } from '../time/durations.ts'
import { errorPages, TooSlowError } from './errors.ts'
import { whenAnswered } from './when-answered.ts'

declare global {
  namespace Express {
    interface Locals {
      answerWithin: (ms: number) => void
      /** The timeout was answered. Later errors are only logged. */
      gaveUp?: true
    }
  }
}

const BODY_MS = 10 * SECOND

/** Answers 503 `limitMs` after the request is complete, or 408 if it does not become complete. */
export function answerInTime(limitMs: number): RequestHandler {
  return (req, res, next) => {
    if (Object.hasOwn(res.locals, 'answerWithin')) return next()
    const deadline = new Deadline()
    let timer: NodeJS.Timeout | undefined
    let waitedForBodyMs = 0
    let over = false

    function answerWithin(ms: number): void {
      clearTimeout(timer)
      deadline.moveTo(ms)
      if (!over && ms !== Number.POSITIVE_INFINITY) timer = setTimeout(giveUp, ms)
    }

    function giveUp(): void {
      if (!req.complete && waitedForBodyMs < BODY_MS) {
        waitedForBodyMs += limitMs
        answerWithin(limitMs)
        return
      }
      const error = req.complete ? new TooSlowError() : createHttpError(408)
      deadline.pass(error)
      // Not through `next`: a handler that fails later still needs the error page.
      if (res.headersSent) return
      if (!req.complete) res.set('Connection', 'close')
      // Under the deadline, so that the answer does not wait for its session to be written.
      withDeadline(deadline, () => errorPages(error, req, res, next))
      res.locals.gaveUp = true
    }

    function stop(): void {
      over = true
      clearTimeout(timer)
    }

    answerWithin(limitMs)
    req.once('end', () => answerWithin(limitMs))
    whenAnswered(res, stop)
    // A complete request goes on when its client has left: its time still ends.
    res.once('close', () => req.complete || stop())
    res.locals.answerWithin = answerWithin
    withDeadline(deadline, next)
  }
}
