import { type RequestHandler, Router } from 'express'
import { ISSUER_PATH } from '../applications/issuer.ts'
import { renderNotFound } from '../platform/http/errors.ts'
import type { Oidc } from './open-oidc.ts'

const MACHINES_GET = ['/oidc/.well-known/openid-configuration', '/oidc/jwks', '/oidc/me']
const MACHINES_POST = [
  '/oidc/token',
  '/oidc/token/introspection',
  '/oidc/token/revocation',
  '/oidc/request',
  '/oidc/me',
]
const BROWSERS_GET = ['/oidc/auth', '/oidc/auth/:uid', '/oidc/session/end', '/oidc/session/end/success']
const BROWSERS_POST = ['/oidc/session/end/confirm']
const PAGES = /^\/oidc\/(auth(\/[\w-]+)?|session\/end(\/success|\/confirm)?|interaction\/[\w-]+)$/

/**
 * Endpoints for applications: they send no cookie and no header of a browser. Answers 404 to whatever is below `/oidc`
 * and not listed: the router of the provider ignores letter case and a slash at the end.
 */
export function oidcMachineRoutes({ handle }: Oidc): Router {
  const routes = Router({ caseSensitive: true, strict: true })
  // One by one: logs and metrics name a route by its path.
  for (const path of MACHINES_GET) routes.get(path, answerJson, handle)
  for (const path of MACHINES_POST) routes.post(path, answerJson, handle)
  routes.use((req, res, next) => {
    const below = req.path.toLowerCase()
    if ((below === ISSUER_PATH || below.startsWith(`${ISSUER_PATH}/`)) && !PAGES.test(req.path))
      return renderNotFound(res)
    next()
  })
  return routes
}

/** Endpoints that a browser opens, signed in or not. */
export function oidcBrowserRoutes({ handle }: Oidc): Router {
  const routes = Router({ caseSensitive: true, strict: true })
  for (const path of BROWSERS_GET) routes.get(path, handle)
  for (const path of BROWSERS_POST) routes.post(path, handle)
  return routes
}

const answerJson: RequestHandler = (req, res, next) => {
  res.locals.answersJson = true
  // The provider would answer an application that also accepts HTML with a page.
  req.headers.accept = 'application/json'
  next()
}
