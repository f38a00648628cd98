import { type Request, type Response, Router } from 'express'
import type { EntryRefusal } from '../applications/may-enter.ts'
import { refusalText } from '../applications/refusal-text.ts'
import type { Deps } from '../deps.ts'
import { actingSessionOf } from '../gate/acting-session.ts'
import { personOf } from '../gate/gate.ts'
import { renderNotFound } from '../platform/http/errors.ts'
import { originOf } from '../platform/http/origin.ts'
import { givePassCode } from './give-pass-code.ts'
import { HOST_PATH, nextAt, originOfApplication } from './host-address.ts'
import { isToken } from './host-cookies.ts'
import type { HostApplication } from './pass.queries.ts'

const MAX_HOST = 260

/** The gate's side of a hand-over: who is signed in gets a pass for the host of an application, or the reason why not. */
export function accessRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })

  routes.get('/access', async (req, res) => {
    const { host, begun, next } = req.query
    if (typeof host !== 'string' || host.length > MAX_HOST) return renderNotFound(res)
    const begunHash = isToken(begun) ? Buffer.from(begun, 'base64url') : null
    const session = actingSessionOf(req)
    const given = await givePassCode(deps, session, { host, begunHash }, originOf(req))
    if (given.ok) return leadTo(res, given.application, given.code, next)
    if (given.problem === 'refused') return renderRefusal(req, res, given.refusal, given.application)
    if (given.problem === 'unknown') return renderNotFound(res)
    res.redirect(303, '/')
  })

  // Applications link here. A link of another site must not sign anyone out, so this page asks.
  routes.get('/sign-out', (_req, res) => res.render('forward-auth/sign-out'))

  return routes
}

/**
 * A page that refreshes, not a redirect: where the way here began with a form, `form-action 'self'` would block a
 * redirect to another host.
 */
function leadTo(res: Response, application: HostApplication, code: string | null, asked: unknown): void {
  const next = nextAt(application, asked)
  const query = new URLSearchParams({ code: code ?? '', next })
  const origin = originOfApplication(application)
  res.render('forward-auth/lead-to', {
    name: application.name,
    address: code === null ? application.address : `${origin}${HOST_PATH}/callback?${query}`,
  })
}

function renderRefusal(
  req: Request,
  res: Response,
  refusal: EntryRefusal,
  application: HostApplication,
): void {
  res.status(403)
  if (refusal !== 'mfa') {
    res.render('forward-auth/refused', refusalText(refusal, application, personOf(res)))
    return
  }
  const back = encodeURIComponent(req.originalUrl)
  res.render('forward-auth/needs-authenticator', {
    name: application.name,
    enrolment: `/account/authenticator?next=${back}`,
  })
}
