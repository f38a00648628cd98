import type { RequestHandler } from 'express'
import type { Clock } from '../time/clock.ts'
import { Loaded } from './session-store.ts'

/** For what a page fetches by itself: that is no sign of life, and must not keep a session from running out. */
export function glance(clock: Clock): RequestHandler {
  return ({ session }, _res, next) => {
    const { loaded } = session
    // As if it had just been touched: so it is not touched.
    if (loaded) session.loaded = new Loaded(loaded.id, loaded.person, clock.now(), loaded.stored)
    next()
  }
}
