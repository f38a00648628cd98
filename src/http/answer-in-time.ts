import type { RequestHandler } from 'express'
import { SECOND } from '../time/durations.ts'
import { errorPages, TooSlowError } from './errors.ts'

declare global {
  namespace Express {
    interface Locals {
      /** Counts the time for an answer anew: the browser is still sending what is to be answered. */
      restartPatience: () => void
    }
  }
}

const PATIENCE_MS = 5 * SECOND

/** Answers 503 where a frozen database would let a page hang. What was under way may still come to its end. */
export const answerInTime: RequestHandler = (req, res, next) => {
  const tooLate = () => {
    // Not by `next`, which leads past the error pages: what is still under way would find none when it fails, and
    // Express would print it all and cut the connection, on which the next request may be another person's.
    if (!res.headersSent) errorPages(new TooSlowError(), req, res, next)
  }
  let timer = setTimeout(tooLate, PATIENCE_MS)
  res.locals.restartPatience = () => {
    clearTimeout(timer)
    timer = setTimeout(tooLate, PATIENCE_MS)
  }
  res.once('close', () => clearTimeout(timer))
  next()
}
