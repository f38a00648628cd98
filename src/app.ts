import express, { type Express, type RequestHandler, Router } from 'express'
import session from 'express-session'
import { accountRoutes } from './account/account.routes.ts'
import { authenticatorRoutes } from './account/authenticator.routes.ts'
import { ownEmailRoutes } from './account/own-email.routes.ts'
import { actOnApplicationRoutes } from './applications/act-on-application.routes.ts'
import { applicationErrors } from './applications/application-errors.ts'
import { applicationsRoutes } from './applications/applications.routes.ts'
import { arrivalRoutes } from './applications/arrival.routes.ts'
import { changeRoutes } from './applications/change.routes.ts'
import { registerRoutes } from './applications/register.routes.ts'
import { approvalsRoutes } from './approvals/approvals.routes.ts'
import { auditLogRoutes } from './audit-log/audit-log.routes.ts'
import { bulkActsRoutes } from './bulk-acts/bulk-acts.routes.ts'
import { clientsRoutes } from './clients/clients.routes.ts'
import { runClientRoutes } from './clients/run-client.routes.ts'
import { dashboardRoutes } from './dashboard/dashboard.routes.ts'
import { showNav } from './dashboard/show-nav.ts'
import type { Deps } from './deps.ts'
import { confirmEmailRoutes } from './email-change/confirm-email.routes.ts'
import { accessRoutes } from './forward-auth/access.routes.ts'
import { atHost } from './forward-auth/at-host.ts'
import { forwardAuthRoutes, refusalRoutes } from './forward-auth/forward-auth.routes.ts'
import { handOverRoutes } from './forward-auth/hand-over.routes.ts'
import { HOST_PATH } from './forward-auth/host-address.ts'
import { gate, type StageRouters } from './gate/gate.ts'
import { sessionCookieName, sessionCookieOptions } from './gate/session-cookie.ts'
import { SessionStore } from './gate/session-store.ts'
import { showHelp } from './gate/show-help.ts'
import { STAGES } from './gate/stages.ts'
import { sessionLimitsOf } from './gate/touch-session.ts'
import { activateRoutes } from './invitations/activate.routes.ts'
import { importRoutes } from './invitations/import.routes.ts'
import { inviteRoutes } from './invitations/invite.routes.ts'
import { logoRoutes } from './logos/logo.routes.ts'
import { publicLogoRoutes } from './logos/public-logo.routes.ts'
import { enrolRoutes } from './mfa/enrol.routes.ts'
import { nextOf } from './mfa/next-page.ts'
import { lockedCodeRoutes, verifyRoutes } from './mfa/verify.routes.ts'
import { mfaPolicyRoutes } from './mfa-policy/mfa-policy.routes.ts'
import { mfaResetRoutes } from './mfa-reset/mfa-reset.routes.ts'
import { resetRequestRoutes } from './mfa-reset/reset-requests.routes.ts'
import { interactionRoutes } from './oidc/interaction.routes.ts'
import { oidcBrowserRoutes, oidcMachineRoutes } from './oidc/oidc.routes.ts'
import { type Oidc, openOidc } from './oidc/open-oidc.ts'
import { answerScraper } from './ops/answer-scraper.ts'
import { openMetrics } from './ops/metrics.ts'
import { opsRoutes } from './ops/ops.routes.ts'
import { answerInTime } from './platform/http/answer-in-time.ts'
import { errorPages, notFound } from './platform/http/errors.ts'
import { healthRoutes } from './platform/http/health.routes.ts'
import { leaveNotice } from './platform/http/notice.ts'
import { readersZone } from './platform/http/readers-zone.ts'
import { createViews, useViews } from './platform/http/render.ts'
import { requestLog } from './platform/http/request-log.ts'
import { sameOriginOnly } from './platform/http/same-origin.ts'
import { neverCached, securityHeaders } from './platform/http/security-headers.ts'
import { staticFiles } from './platform/http/static-files.ts'
import { traceRequests } from './platform/http/trace-requests.ts'
import { cutUnreadRequests } from './platform/http/unread-requests.ts'
import { warnOfPlainRequests } from './platform/http/warn-of-plain-requests.ts'
import type { QueueEngine } from './platform/outbox/queues.ts'
import { serviceDeskRoutes } from './service-desk/service-desk.routes.ts'
import { forgotPasswordRoutes } from './sign-in/forgot-password.routes.ts'
import { signInRoutes } from './sign-in/sign-in.routes.ts'
import { signOutRoutes } from './sign-in/sign-out.routes.ts'
import { SigningKeys } from './signing-keys/signing-keys.ts'
import { actOnUserRoutes } from './users/act-on-user.routes.ts'
import { eraseRoutes } from './users/erase.routes.ts'
import { profileRoutes } from './users/profile.routes.ts'
import { roleGroupsRoutes } from './users/role-groups.routes.ts'
import { usersRoutes } from './users/users.routes.ts'

export interface AppOptions {
  /** For the operators' pages. The caller closes it. */
  queues: QueueEngine
  /** True while the process stops: /readyz then answers 503. */
  draining?: () => boolean
}

/** The web application: every request passes these lines from top to bottom. */
export function createApp(deps: Deps, { queues, draining = () => false }: AppOptions): Express {
  const { config } = deps
  const app = express()
  const secureCookies = config.PUBLIC_URL.startsWith('https:')
  const metrics = openMetrics(deps, queues)
  const signingKeys = new SigningKeys(deps)
  const oidc = openOidc(deps, signingKeys)
  app.disable('x-powered-by').disable('etag').enable('case sensitive routing').enable('strict routing')
  app.set('trust proxy', config.TRUST_PROXY ?? false)
  useViews(app, createViews())

  app.use(requestLog(deps.log))
  app.use(traceRequests)
  app.use(cutUnreadRequests)
  app.use(metrics.observe)
  app.use((req, res, next) => {
    res.locals.requestId = req.id
    res.locals.person = null
    res.locals.stage = 'signed-out'
    res.locals.secureCookies = secureCookies
    next()
  })
  // Before all that pages need: proxies ask about every request.
  app.use(forwardAuthRoutes(deps, signingKeys))
  app.use(securityHeaders(config.PUBLIC_URL))
  app.use(staticFiles())
  app.use(HOST_PATH, staticFiles())
  app.use(neverCached)
  app.use(healthRoutes(deps, draining))
  app.use(readersZone)
  app.use(answerInTime(config.ANSWER_WITHIN))
  app.use(publicLogoRoutes(deps))
  app.use(atHostOfApplication(deps))
  app.use(answerScraper(config, metrics))
  app.use(oidcMachineRoutes(oidc))
  app.use(sameOriginOnly(config.PUBLIC_URL))
  if (secureCookies) app.use(warnOfPlainRequests(deps.log))
  app.use(sessions(deps, secureCookies))
  app.use(oidcBrowserRoutes(oidc))
  app.use(gate(deps.clock, stageRouters(deps, opsRoutes(deps, queues, metrics), oidc)))
  app.use(notFound)
  app.use(errorPages)
  return app
}

/** A route mounted under no stage is unreachable. Exported for the test of every route. */
export function stageRouters(deps: Deps, ops: Router, oidc: Oidc): StageRouters {
  const signOut = signOutRoutes(deps)
  const help = Router({ caseSensitive: true, strict: true })
  help.use([...STAGES.flatMap(({ pages }) => pages)], showHelp(deps))
  const arrivals = arrivalRoutes()
  const resetRequests = resetRequestRoutes(deps)
  return {
    'signed-out': stageRouter(
      help,
      signInRoutes(deps),
      activateRoutes(deps),
      forgotPasswordRoutes(deps),
      confirmEmailRoutes(deps),
      lockedCodeRoutes(deps),
      resetRequests,
      signOut,
    ),
    enrol: stageRouter(help, enrolRoutes(deps), arrivals, signOut),
    verify: stageRouter(help, verifyRoutes(deps), arrivals, resetRequests, signOut),
    'signed-in': stageRouter(
      confirmEmailRoutes(deps),
      showNav(deps),
      dashboardRoutes(deps),
      accountRoutes(deps),
      authenticatorRoutes(deps),
      ownEmailRoutes(deps),
      // Before '/users/:id', which would match 'new', 'import' and 'bulk'.
      inviteRoutes(deps),
      importRoutes(deps),
      bulkActsRoutes(deps),
      usersRoutes(deps),
      profileRoutes(deps),
      roleGroupsRoutes(deps),
      actOnUserRoutes(deps),
      eraseRoutes(deps),
      mfaResetRoutes(deps),
      mfaPolicyRoutes(deps),
      auditLogRoutes(deps),
      runClientRoutes(deps),
      logoRoutes(deps),
      clientsRoutes(deps),
      serviceDeskRoutes(deps),
      approvalsRoutes(deps),
      registerRoutes(deps),
      applicationsRoutes(deps),
      changeRoutes(deps),
      actOnApplicationRoutes(deps),
      accessRoutes(deps),
      ops,
      interactionRoutes(deps, oidc),
      signOut,
      stagePagesLeadOn(deps),
    ),
  }
}

/** Before sessions: at the host of an application there are none. */
function atHostOfApplication(deps: Deps): Router {
  const recordError = applicationErrors(deps)
  const routes = Router({ caseSensitive: true, strict: true })
  routes.use(HOST_PATH, atHost)
  return routes.use(refusalRoutes(deps, recordError), handOverRoutes(deps, recordError))
}

function stageRouter(...routers: RequestHandler[]): Router {
  return Router({ caseSensitive: true, strict: true }).use(...routers)
}

/** Redirects signed-in users from the pages of other stages. After a link in a mail they see why it did not open. */
function stagePagesLeadOn(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })
  routes.all(['/activate/:token', '/reset-password/:token'], (_req, res, next) => {
    leaveNotice(res, 'link-unused')
    next()
  })
  routes.all([...STAGES.flatMap(({ pages }) => pages)], (req, res) =>
    res.redirect(303, nextOf(deps, req) ?? '/'),
  )
  return routes
}

function sessions(deps: Deps, secure: boolean) {
  const { config } = deps
  return session({
    store: new SessionStore(deps, sessionLimitsOf(config)),
    secret: config.SESSION_SECRET,
    name: sessionCookieName(secure),
    cookie: sessionCookieOptions(secure),
    resave: false,
    saveUninitialized: false,
    rolling: false,
  })
}
