import { type Request, type RequestHandler, type Response, Router } from 'express'
import type { RecordApplicationError } from '../applications/application-errors.ts'
import { authenticationClaims, identityClaims } from '../applications/claims.ts'
import { refusalText } from '../applications/refusal-text.ts'
import type { Deps } from '../deps.ts'
import { sessionLimitsOf, touchSession } from '../gate/touch-session.ts'
import { answerInTime } from '../platform/http/answer-in-time.ts'
import { originOf } from '../platform/http/origin.ts'
import type { SigningKeys } from '../signing-keys/signing-keys.ts'
import { Assertions } from './assertions.ts'
import { answerAtHost, atHost } from './at-host.ts'
import { type Decision, decide } from './decide.ts'
import { HEADER_PROBLEMS } from './forwarded-request.ts'
import { beginAddress } from './host-address.ts'
import { identityHeaders } from './identity-headers.ts'
import { withdrawPass } from './withdraw-pass.ts'

declare global {
  namespace Express {
    interface Locals {
      /** A request that does not enter. */
      decision?: Exclude<Decision, { verdict: 'enter' }> | { verdict: 'failed'; error: unknown }
    }
  }
}

type Of<Verdict extends Decision['verdict']> = Extract<Decision, { verdict: Verdict }>

const DECISIONS = ['/auth-request', '/forward-auth']
const UNKNOWN_HOST = 'No application is registered for this host.'

/**
 * A proxy asks about each request before it passes it on. Answers those that may pass, without the headers of pages,
 * and leaves the others to `refusalRoutes`.
 */
export function forwardAuthRoutes(deps: Deps, signingKeys: SigningKeys): Router {
  const { db, clock, config } = deps
  const secure = config.PUBLIC_URL.startsWith('https:')
  const assertions = new Assertions(deps, signingKeys)
  const limits = sessionLimitsOf(config)
  const routes = Router({ caseSensitive: true, strict: true })

  // A proxy may ask with the method of the request. Express would answer OPTIONS itself, with 200.
  routes.all(DECISIONS, atHost, answerInTime(config.ANSWER_WITHIN), async (req, res, next) => {
    try {
      const decision = await decide(deps, req.headers, secure)
      if (decision.verdict === 'enter') return await enter(req, res, decision)
      res.locals.decision = decision
    } catch (error) {
      res.locals.decision = { verdict: 'failed', error }
    }
    next()
  })

  return routes

  async function enter(req: Request, res: Response, decision: Of<'enter'>): Promise<void> {
    const { person, proofs, session, pass, asked, kids } = decision
    if (!session || !pass) throw new Error('a request enters without a pass')
    // A session that cannot be extended only ends earlier.
    await touchSession(db, limits, session, clock.now()).catch((error: unknown) =>
      req.log.warn({ err: error }, 'a session was not extended'),
    )
    const identity = identityClaims(person)
    const claims = { aud: asked.host, sub: person.id, ...identity, ...authenticationClaims(proofs) }
    const assertion = await assertions.sign(pass, claims, kids)
    res.writeHead(200, {
      ...identityHeaders(person.id, identity),
      'X-Portcullis-Assertion': assertion,
      'Cache-Control': 'no-store',
      'Content-Length': '0',
    })
    res.end()
  }
}

/**
 * Answers the requests that may not pass. `/auth-request`: for proxies that take only a status (nginx, HAProxy).
 * `/forward-auth`: for proxies that pass the answer on (Caddy, Traefik).
 */
export function refusalRoutes(deps: Deps, recordError: RecordApplicationError): Router {
  const routes = Router({ caseSensitive: true, strict: true })
  routes.all('/auth-request', handler('status'))
  routes.all('/forward-auth', handler('page'))
  return routes

  function handler(takes: 'status' | 'page'): RequestHandler {
    return async (req, res) => {
      const { decision } = res.locals
      switch (decision?.verdict) {
        case 'sign-in':
          return askToSignIn(req, res, decision, takes)
        case 'refused':
          return refuse(req, res, decision)
        case 'wrong':
          return answerWrong(req, res, decision)
        case 'failed':
          throw decision.error
        default:
          throw new Error('a request was not decided on')
      }
    }
  }

  function askToSignIn(
    req: Request,
    res: Response,
    { application, asked }: Of<'sign-in'>,
    takes: 'status' | 'page',
  ): void {
    const begin = beginAddress(application, asked, req.get('hx-current-url'))
    if (asked.asker === 'navigation' && takes === 'page') {
      res.redirect(302, begin)
      return
    }
    if (asked.asker === 'navigation') res.set('X-Portcullis-Sign-In', begin)
    if (asked.asker === 'htmx') res.set('HX-Redirect', begin)
    answerAtHost(res, {
      status: 401,
      error: 'sign-in',
      title: 'You are signed out',
      advice: 'Nothing was done. Sign in, and try again.',
      link: { href: begin, label: 'Sign in' },
    })
  }

  async function refuse(req: Request, res: Response, decision: Of<'refused'>): Promise<void> {
    const { application, person, refusal, asked, pass } = decision
    if (pass) await withdrawPass(deps, { pass, person, application, refusal }, originOf(req))
    const explanation = `${deps.config.PUBLIC_URL}/access?host=${encodeURIComponent(asked.host)}`
    if (asked.asker === 'navigation') res.set('X-Portcullis-Refused', explanation)
    answerAtHost(res, {
      status: 403,
      error: refusal,
      ...refusalText(refusal, application, person),
      link: { href: deps.config.PUBLIC_URL, label: 'To your dashboard' },
    })
  }

  /** 403 also for malformed requests: nginx answers 500 for 400. */
  async function answerWrong(req: Request, res: Response, { problem, host }: Of<'wrong'>): Promise<void> {
    await recordError(problem, host === null ? {} : { host }, originOf(req))
    answerAtHost(res, {
      status: 403,
      error: problem,
      title: 'This request was refused',
      advice: problem === 'unknown-host' ? UNKNOWN_HOST : HEADER_PROBLEMS[problem],
    })
  }
}
