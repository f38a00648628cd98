import type { RequestHandler } from 'express'
import type { Clock } from '../platform/time/clock.ts'

/** For requests that a page sends by itself: polling does not extend the session. */
export function poll(clock: Clock): RequestHandler {
  return ({ session }, _res, next) => {
    const { metadata } = session
    if (metadata) session.metadata = metadata.asTouched(clock.now())
    next()
  }
}
