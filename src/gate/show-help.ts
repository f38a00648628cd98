import type { RequestHandler } from 'express'
import type { Deps } from '../deps.ts'
import { readHelp } from './support.queries.ts'

/**
 * Whom to ask, on the pages of a stage. Comes after the gate, which knows how far the person is. A form that is sent while
 * signed out reads it only when it shows a page: under overload it is refused without a query.
 */
export function showHelp({ db }: Pick<Deps, 'db'>): RequestHandler {
  return async (req, res, next) => {
    if (res.locals.stage === 'signed-out' && req.method === 'POST') return next()
    Object.assign(res.locals, await readHelp(db, res.locals.person))
    next()
  }
}
