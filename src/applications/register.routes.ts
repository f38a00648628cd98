import { type Request, type Response, Router } from 'express'
import { actRequestOf } from '../access/act-request.ts'
import { answer, refuse } from '../access/refuse.ts'
import { requireStepUp } from '../access/require-step-up.ts'
import { readRoleGroups } from '../access/role-groups.queries.ts'
import { mayRunApplications } from '../access/rules.ts'
import { viewPage, visitOf } from '../access/visit.ts'
import type { Deps } from '../deps.ts'
import { readForm } from '../platform/http/form.ts'
import { type ApplicationProblems, typedApplication, WAYS, type Way } from './application-form.ts'
import { goOnAfter } from './application-notice.ts'
import { ICONS } from './icons.ts'
import { issuerOf } from './issuer.ts'
import { registerApplication } from './register-application.ts'

/** Before '/applications/:id', which would match 'new'. */
export function registerRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })
  const stepUp = requireStepUp(deps, { act: 'register an application' })

  routes.get('/applications/new', (req, res) => renderNew(deps, req, res, wayOf(req.query.way)))

  routes.post('/applications', readForm, stepUp, async (req, res) => {
    const way = wayOf(req.body.way)
    if (way === null) return renderNew(deps, req, res, null)
    await answer(res, await registerApplication(deps, { ...actRequestOf(req), way }), {
      // A secret is shown in this answer only: not in an address, and not by a second request.
      done: ({ application, secret }) =>
        secret === null
          ? goOnAfter(res, 'application-registered', application.id)
          : res.render('applications/secret', {
              application,
              secret,
              issuer: issuerOf(deps.config.PUBLIC_URL),
              registered: true,
              olderUntil: null,
            }),
      again: ({ problems }) => renderNew(deps, req, res, way, problems),
    })
  })

  return routes
}

async function renderNew(
  deps: Deps,
  req: Request,
  res: Response,
  way: Way | null,
  problems: ApplicationProblems | null = null,
): Promise<void> {
  const view = await viewPage(deps, visitOf(req, res), mayRunApplications)
  if (!view.ok) return refuse(res, view.refusal)

  if (way === null) return res.status(req.method === 'POST' ? 422 : 200).render('applications/choose-way')
  res.status(problems ? 422 : 200).render('applications/new', {
    way,
    icons: ICONS,
    roleGroups: (await readRoleGroups(deps.db)).map(({ key, name }) => ({ value: key, label: name })),
    typed: problems ? typedApplication(req.body) : { ...typedApplication({}), ...DEFAULTS },
    problems: problems ?? {},
  })
}

const DEFAULTS = {
  icon: 'dashboard',
  clientAuth: 'client_secret_basic',
  idTokenAlg: 'RS256',
  refreshTokens: 'yes',
}

function wayOf(given: unknown): Way | null {
  return WAYS.find((way) => way === given) ?? null
}
