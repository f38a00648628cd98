import type { RequestHandler, Response } from 'express'
import type { Deps } from '../deps.ts'
import { type Help, readHelp } from './branding.queries.ts'
import type { ShownLogo, Support } from './branding.ts'

declare global {
  namespace Express {
    interface Locals {
      /** Who lifts a lock or resets an authenticator of this person. As it follows 'ask'. */
      helper: string
      support?: Support | null
      logo?: ShownLogo | null
    }
  }
}

/**
 * Shows whom to ask on the pages of a stage. Comes after the gate, which knows how far the person is. A form that is
 * sent while signed out reads it only when it shows a page: under overload it is refused without a query.
 */
export function showHelp({ db }: Pick<Deps, 'db'>): RequestHandler {
  return async (req, res, next) => {
    if (res.locals.stage === 'signed-out' && req.method === 'POST') return next()
    setHelp(res, await readHelp(db, res.locals.person))
    next()
  }
}

export function setHelp(res: Response, help: Partial<Help>): void {
  Object.assign(res.locals, help)
}
