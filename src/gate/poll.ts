import type { RequestHandler } from 'express'
import type { Clock } from '../platform/time/clock.ts'

/** For what a page fetches by itself: that is no sign of life, and must not keep a session from running out. */
export function poll(clock: Clock): RequestHandler {
  return ({ session }, _res, next) => {
    const { metadata } = session
    if (metadata) session.metadata = metadata.asTouched(clock.now())
    next()
  }
}
