import type { RequestHandler } from 'express'
import { SECOND } from '../durations.ts'
import { TooSlowError } from './errors.ts'

const PATIENCE_MS = 5 * SECOND

/** Answers 503 where a frozen database would let a page hang. What was under way may still come to its end. */
export const answerInTime: RequestHandler = (_req, res, next) => {
  const timer = setTimeout(() => {
    if (!res.headersSent) next(new TooSlowError())
  }, PATIENCE_MS)
  res.once('close', () => clearTimeout(timer))
  next()
}
