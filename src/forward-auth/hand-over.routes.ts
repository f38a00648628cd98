import { randomBytes } from 'node:crypto'
import { type Request, type RequestHandler, type Response, Router } from 'express'
import type { RecordApplicationError } from '../applications/application-errors.ts'
import type { Deps } from '../deps.ts'
import { hashToken } from '../platform/crypto/link-token.ts'
import { originOf } from '../platform/http/origin.ts'
import { MINUTE } from '../platform/time/durations.ts'
import { answerAtHost } from './at-host.ts'
import { forwardedHost } from './forwarded-request.ts'
import { HOST_PATH, nextAt } from './host-address.ts'
import { begunCookieName, isToken, passCookieName, tokenInCookie } from './host-cookies.ts'
import { type HostApplication, readHostApplication } from './pass.queries.ts'
import { redeemPassCode } from './redeem-pass-code.ts'

const BEGUN_LIFE_MS = 10 * MINUTE

type AtApplication = (
  req: Request,
  res: Response,
  at: { host: string; application: HostApplication },
) => Promise<void> | void

/** The way of a pass to the host of an application. The proxy of that host passes these paths to the gate. */
export function handOverRoutes(deps: Deps, recordError: RecordApplicationError): Router {
  const { PUBLIC_URL } = deps.config
  const routes = Router({ caseSensitive: true, strict: true })
  routes.get(`${HOST_PATH}/begin`, atApplication(begin))
  routes.get(`${HOST_PATH}/callback`, atApplication(finish))
  // Only leads to the page that asks: another site may send this request too.
  for (const method of ['get', 'post'] as const)
    routes[method](
      `${HOST_PATH}/sign-out`,
      atApplication((_req, res) => res.redirect(303, `${PUBLIC_URL}/sign-out`)),
    )
  routes.use(HOST_PATH, (_req, res) => {
    answerAtHost(res, {
      status: 404,
      error: 'not-found',
      title: 'There is nothing here',
      advice: 'The address may be mistyped.',
    })
  })
  return routes

  /** The host comes from the proxy, and must be registered. */
  function atApplication(handle: AtApplication): RequestHandler {
    return async (req, res) => {
      const host = forwardedHost(req.headers)
      const application = host === null ? null : await readHostApplication(deps.db, host)
      if (host !== null && application) return handle(req, res, { host, application })
      const error = host === null ? 'host' : 'unknown-host'
      await recordError(error, host === null ? {} : { host }, originOf(req))
      answerAtHost(res, {
        status: 403,
        error,
        title: 'This address is not protected by Portcullis',
        advice: 'No application is registered for this host. The operator of the proxy can tell why.',
      })
    }
  }

  function begin(
    req: Request,
    res: Response,
    { host, application }: { host: string; application: HostApplication },
  ) {
    const secure: boolean = res.locals.secureCookies
    const name = begunCookieName(secure)
    // The same for tabs that begin at once: the browser keeps one cookie.
    const begun = tokenInCookie(req.headers.cookie, name) ?? randomBytes(32).toString('base64url')
    res.cookie(name, begun, { ...cookieOptions(secure), maxAge: BEGUN_LIFE_MS })
    const query = new URLSearchParams({
      host,
      begun: hashToken(begun).toString('base64url'),
      next: nextAt(application, req.query.next),
    })
    res.redirect(302, `${PUBLIC_URL}/access?${query}`)
  }

  async function finish(
    req: Request,
    res: Response,
    { host, application }: { host: string; application: HostApplication },
  ): Promise<void> {
    const secure: boolean = res.locals.secureCookies
    const { code } = req.query
    const begun = tokenInCookie(req.headers.cookie, begunCookieName(secure))
    const next = nextAt(application, req.query.next)
    const redeemed =
      isToken(code) && begun !== undefined
        ? await redeemPassCode(deps, { host, applicationId: application.id, code, begun }, originOf(req))
        : ({ ok: false, problem: 'code' } as const)
    if (redeemed.ok) res.cookie(passCookieName(secure), redeemed.pass, cookieOptions(secure))
    // Without a pass, the next request leads to the page that says why.
    if (redeemed.ok || redeemed.problem === 'ended') return res.redirect(303, next)
    const details = { application: application.name, applicationId: application.id }
    await recordError('callback', details, originOf(req))
    answerAtHost(res, {
      status: 400,
      error: 'callback',
      title: 'This link no longer works',
      advice: 'It works once, for a minute, in the browser that asked for it. Open the application again.',
      link: { href: next, label: `Open ${application.name}` },
    })
  }
}

function cookieOptions(secure: boolean) {
  return { httpOnly: true, sameSite: 'lax', secure, path: '/' } as const
}
