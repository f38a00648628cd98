import { parseCookie } from 'cookie'
import type { Request, RequestHandler, Response, Router } from 'express'
import { leaveNotice } from '../platform/http/notice.ts'
import type { Clock } from '../platform/time/clock.ts'
import { factsOf, type Person, type Proofs } from './facts.ts'
import { helperOf } from './helper-of.ts'
import { sessionCookieName } from './session-cookie.ts'
import { type StageName, stageOf } from './stages.ts'

declare global {
  namespace Express {
    /** What the gate found out, for the routes and the views. */
    interface Locals {
      requestId: string
      stage: StageName
      /** Who is signing in or signed in; null while signed out. */
      person: Person | null
      /** Whom that person asks to lift a lock or to reset an authenticator. */
      helper: string
    }
  }
}

/** The pages of each stage. What is not in the router of a browser's own stage is out of its reach. */
export type StageRouters = Readonly<Record<StageName, Router>>

/** Where everybody comes after signing in anyway, and where there is nothing to see. */
const NO_PAGES = new Set(['/', '/sign-out'])

/**
 * The one door: derives the browser's stage anew for every request, whatever its method, and lets it into that
 * stage's room and no other. From anywhere else it is sent to its own page; only who is signed in may be told
 * that there is nothing.
 */
export function gate(clock: Clock, rooms: StageRouters): RequestHandler {
  return (req, res, next) => {
    const person = req.session.metadata?.person ?? null
    const stage = stageOf(factsOf(req.session.proofs, person, clock.now()))
    res.locals.stage = stage.name
    res.locals.person = stage.name === 'signed-out' ? null : person
    res.locals.turnOf = stage.name === 'signed-in' ? person?.id : undefined
    res.locals.helper = helperOf(res.locals.person)
    rooms[stage.name](req, res, (error?: unknown) => {
      if (error || stage.name === 'signed-in') return next(error)
      if (stage.name === 'signed-out' && wasHere(req, res)) leaveNotice(res, 'session-over')
      res.redirect(303, stage.name === 'signed-out' ? signInPage(req) : stage.page)
    })
  }
}

/** The person behind a request that the gate let past 'signed-out'. */
export function personOf(res: Response): Person {
  const { person } = res.locals
  if (!person) throw new Error('the gate let nobody through here')
  return person
}

/** What the session behind such a request has proven. */
export function proofsOf(req: Request): Proofs {
  const { proofs } = req.session
  if (!proofs) throw new Error('the gate let nobody through here')
  return proofs
}

/** Also by the cookie alone: of a session that ran out nothing is read. */
function wasHere(req: Request, res: Response): boolean {
  const cookies = parseCookie(req.get('cookie') ?? '')
  return req.session.proofs !== undefined || sessionCookieName(res.locals.secureCookies) in cookies
}

function signInPage(req: Request): string {
  const wanted = pageWanted(req)
  return req.method !== 'GET' || NO_PAGES.has(wanted)
    ? '/sign-in'
    : `/sign-in?next=${encodeURIComponent(wanted)}`
}

/** Where a part of a page was asked for: the page that it is a part of. */
function pageWanted(req: Request): string {
  const around = req.get('HX-Current-URL')
  if (around === undefined || !URL.canParse(around)) return req.originalUrl
  const { pathname, search } = new URL(around)
  return pathname + search
}
