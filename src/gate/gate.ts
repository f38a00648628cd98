import type { Request, RequestHandler, Response, Router } from 'express'
import type { Clock } from '../platform/time/clock.ts'
import { factsOf, type Person, type Proofs } from './facts.ts'
import { helperOf } from './helper-of.ts'
import { pathWithNext } from './own-path.ts'
import { setHelp } from './show-help.ts'
import { type StageName, stageOf } from './stages.ts'

declare global {
  namespace Express {
    interface Locals {
      requestId: string
      stage: StageName
      person: Person | null
    }
  }
}

/** The pages of each stage. A browser reaches only the router of its own stage. */
export type StageRouters = Readonly<Record<StageName, Router>>

/** Not worth returning to after sign-in. */
const NO_PAGES = new Set(['/', '/sign-out'])

/** Routes each request to the router of its stage, else to the stage's page. Only signed-in users get a 404. */
export function gate(clock: Clock, routers: StageRouters): RequestHandler {
  return (req, res, next) => {
    const person = req.session.metadata?.person ?? null
    const stage = stageOf(factsOf(req.session.proofs, person, clock.now()))
    res.locals.stage = stage.name
    res.locals.person = stage.name === 'signed-out' ? null : person
    res.locals.turnOf = stage.name === 'signed-in' ? person?.id : undefined
    setHelp(res, { helper: helperOf(res.locals.person) })
    routers[stage.name](req, res, (error?: unknown) => {
      if (error || stage.name === 'signed-in') return next(error)
      res.redirect(303, stage.name === 'signed-out' ? signInPage(req) : stage.page)
    })
  }
}

/** The person behind a request that the gate let past 'signed-out'. */
export function personOf(res: Response): Person {
  const { person } = res.locals
  if (!person) throw new Error('a route is mounted outside the gate')
  return person
}

export function proofsOf(req: Request): Proofs {
  const { proofs } = req.session
  if (!proofs) throw new Error('a route is mounted outside the gate')
  return proofs
}

function signInPage(req: Request): string {
  const wanted = pageWanted(req)
  return pathWithNext('/sign-in', req.method !== 'GET' || NO_PAGES.has(wanted) ? null : wanted)
}

/** The page itself if htmx asked for a part of it. */
function pageWanted(req: Request): string {
  const around = req.get('HX-Current-URL')
  if (around === undefined || !URL.canParse(around)) return req.originalUrl
  const { pathname, search } = new URL(around)
  return pathname + search
}
