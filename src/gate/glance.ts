import type { RequestHandler } from 'express'
import type { Clock } from '../time/clock.ts'

/** For what a page fetches by itself: that is no sign of life, and must not keep a session from running out. */
export function glance(clock: Clock): RequestHandler {
  return ({ session }, _res, next) => {
    const { loaded } = session
    if (loaded) session.loaded = loaded.asTouched(clock.now())
    next()
  }
}
