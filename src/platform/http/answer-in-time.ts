import type { RequestHandler } from 'express'
import createHttpError from 'http-errors'
import { Deadline, withDeadline } from '../db/deadline.ts'
import { SECOND } from '../time/durations.ts'
import { errorPages, TooSlowError } from './errors.ts'

declare global {
  namespace Express {
    interface Locals {
      /** Gives the answer `ms` milliseconds from now, or any time with Infinity. */
      answerWithin: (ms: number) => void
      /** Set once the request is answered that it took too long: no later error makes another answer. */
      gaveUp?: true
    }
  }
}

/** How long a body may take to arrive. A form comes in one piece, also on a slow line. */
const BODY_MS = 10 * SECOND

/**
 * Answers 503 when an answer takes longer than `limitMs` milliseconds, counted from when the request is complete.
 * A request that does not become complete is answered 408. Whatever was not begun by then is not begun later.
 */
export function answerInTime(limitMs: number): RequestHandler {
  return (req, res, next) => {
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
      // Not by `next`: what is still under way would find no error page when it fails later.
      if (res.headersSent) return
      if (!req.complete) res.set('Connection', 'close')
      // Under the deadline, so that the answer does not wait for its session to be written.
      withDeadline(deadline, () => errorPages(error, req, res, next))
      res.locals.gaveUp = true
    }

    answerWithin(limitMs)
    req.once('end', () => answerWithin(limitMs))
    res.once('close', () => {
      over = true
      clearTimeout(timer)
    })
    res.locals.answerWithin = answerWithin
    withDeadline(deadline, next)
  }
}
