import { type Request, type Response, Router } from 'express'
import { actRequestOf } from '../access/act-request.ts'
import { EVIDENCE_FIELDS } from '../access/evidence.ts'
import { answer, refuse } from '../access/refuse.ts'
import { requireStepUp } from '../access/require-step-up.ts'
import type { Deps } from '../deps.ts'
import { readForm } from '../platform/http/form.ts'
import { typedFields } from '../platform/http/typed-text.ts'
import type { ApplicationProblems } from './application-form.ts'
import { goOnAfter } from './application-notice.ts'
import { readValidSecrets } from './applications.queries.ts'
import { disableApplication } from './disable-application.ts'
import { enableApplication } from './enable-application.ts'
import { endSecret } from './end-secret.ts'
import { issuerOf } from './issuer.ts'
import { makeSecret } from './make-secret.ts'
import { usesSecrets } from './uses-secrets.ts'
import { viewApplication } from './view-application.ts'

const ACTS = [
  { path: 'disable', done: 'application-disabled', act: disableApplication },
  { path: 'enable', done: 'application-enabled', act: enableApplication },
] as const

/** Disables and enables an application, makes and ends its secrets. */
export function actOnApplicationRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })

  for (const { path, done, act } of ACTS) {
    const stepUp = requireStepUp(deps, { act: `${path} an application` })
    routes.get(`/applications/:id/${path}`, (req, res) => renderAct(deps, req, res, path))
    routes.post(`/applications/:id/${path}`, readForm, stepUp, async (req, res) => {
      const applicationId = String(req.params.id)
      await answer(res, await act(deps, { ...actRequestOf(req), applicationId }), {
        done: () => goOnAfter(res, done, applicationId),
        again: ({ problems }) => renderAct(deps, req, res, path, problems),
      })
    })
  }

  const stepUp = requireStepUp(deps, { act: 'make a secret for an application' })
  routes.get('/applications/:id/secrets', (req, res) => renderAct(deps, req, res, 'new-secret'))
  routes.post('/applications/:id/secrets', readForm, stepUp, async (req, res) => {
    const applicationId = String(req.params.id)
    await answer(res, await makeSecret(deps, { ...actRequestOf(req), applicationId }), {
      // A secret is shown in this answer only: not in an address, and not by a second request.
      done: (made) =>
        res.render('applications/secret', { ...made, issuer: issuerOf(deps.config.PUBLIC_URL) }),
      again: ({ problems }) => renderAct(deps, req, res, 'new-secret', problems),
    })
  })

  const stepUpToEnd = requireStepUp(deps, { act: 'end a secret of an application' })
  routes.get('/applications/:id/secrets/:secret/end', (req, res) => renderAct(deps, req, res, 'end-secret'))
  routes.post('/applications/:id/secrets/:secret/end', readForm, stepUpToEnd, async (req, res) => {
    const [applicationId, secretId] = [String(req.params.id), String(req.params.secret)]
    await answer(res, await endSecret(deps, { ...actRequestOf(req), applicationId, secretId }), {
      done: () => goOnAfter(res, 'secret-ended', applicationId),
      again: ({ problems }) => renderAct(deps, req, res, 'end-secret', problems),
    })
  })

  return routes
}

async function renderAct(
  deps: Deps,
  req: Request,
  res: Response,
  page: 'disable' | 'enable' | 'new-secret' | 'end-secret',
  problems: ApplicationProblems | null = null,
): Promise<void> {
  const application = await viewApplication(deps, req, res)
  if (!application) return
  const secrets = await readValidSecrets(deps.db, application.id, deps.clock.now())
  const secret = secrets.find(({ id }) => id === req.params.secret) ?? null
  if (page === 'new-secret' && !usesSecrets(application)) return refuse(res, 'unknown')
  if (page === 'end-secret' && secret === null) return refuse(res, 'secret-ended')
  res.status(problems ? 422 : 200).render(`applications/${page}`, {
    application,
    secrets,
    secret,
    typed: typedFields(req.body, [...EVIDENCE_FIELDS, 'overlap']),
    problems: problems ?? {},
  })
}
