import type { RequestHandler } from 'express'
import type { Deps } from '../deps.ts'
import { readHelp } from './support.queries.ts'

/** Whom to ask, on the pages of a stage. Comes after the gate, which knows how far the person is. */
export function showHelp({ db }: Pick<Deps, 'db'>): RequestHandler {
  return async (_req, res, next) => {
    Object.assign(res.locals, await readHelp(db, res.locals.person))
    next()
  }
}
