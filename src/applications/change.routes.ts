import { type Request, type Response, Router } from 'express'
import { z } from 'zod'
import { actRequestOf } from '../access/act-request.ts'
import { EVIDENCE_FIELDS } from '../access/evidence.ts'
import { answer } from '../access/refuse.ts'
import { requireStepUp } from '../access/require-step-up.ts'
import { readRoleGroups } from '../access/role-groups.queries.ts'
import type { Deps } from '../deps.ts'
import { readForm } from '../platform/http/form.ts'
import { cursor, listHref, searchTerm } from '../platform/http/list-query.ts'
import { typedFields } from '../platform/http/typed-text.ts'
import { admitAccounts } from './admit-accounts.ts'
import { listAccountChoices } from './admitted-accounts.queries.ts'
import { type ApplicationProblems, typedApplication } from './application-form.ts'
import { applicationNoticeOn, goOnAfter } from './application-notice.ts'
import { readAdmittedKeys } from './applications.queries.ts'
import { changeApplication } from './change-application.ts'
import { formOf } from './form-of.ts'
import { ICONS } from './icons.ts'
import { viewApplication } from './view-application.ts'

const filters = z.object({ q: searchTerm, after: cursor })

/** Changes what is registered about an application, and the client accounts that it admits. */
export function changeRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })
  const stepUp = requireStepUp(deps, { act: 'change an application' })

  routes.get('/applications/:id/change', (req, res) => renderChange(deps, req, res))
  routes.post('/applications/:id/change', readForm, stepUp, async (req, res) => {
    const applicationId = String(req.params.id)
    await answer(res, await changeApplication(deps, { ...actRequestOf(req), applicationId }), {
      done: () => goOnAfter(res, 'application-changed', applicationId),
      again: ({ problems }) => renderChange(deps, req, res, problems),
    })
  })

  routes.get('/applications/:id/accounts', (req, res) => renderAccounts(deps, req, res, req.query))
  routes.post('/applications/:id/accounts', readForm, stepUp, async (req, res) => {
    const applicationId = String(req.params.id)
    await answer(res, await admitAccounts(deps, { ...actRequestOf(req), applicationId }), {
      done: () => goOnAfter(res, 'accounts-saved', applicationId, `/applications/${applicationId}/accounts`),
      again: ({ problems }) => renderAccounts(deps, req, res, req.body, problems),
    })
  })

  return routes
}

async function renderChange(
  deps: Deps,
  req: Request,
  res: Response,
  problems: ApplicationProblems | null = null,
): Promise<void> {
  const application = await viewApplication(deps, req, res)
  if (!application) return
  const admitted = await readAdmittedKeys(deps.db, application.id)
  res.status(problems ? 422 : 200).render('applications/change', {
    application,
    way: application.way,
    icons: ICONS,
    roleGroups: (await readRoleGroups(deps.db)).map(({ key, name }) => ({ value: key, label: name })),
    typed: problems ? typedApplication(req.body) : formOf({ ...application, roleGroups: admitted }),
    problems: problems ?? {},
  })
}

/** `fields`: of the search, or of the form, which carries the search along. */
async function renderAccounts(
  deps: Deps,
  req: Request,
  res: Response,
  fields: Record<string, unknown>,
  problems: ApplicationProblems | null = null,
): Promise<void> {
  const application = await viewApplication(deps, req, res)
  if (!application) return
  const chosen = filters.parse(fields)
  const { accounts, next } = await listAccountChoices(deps.db, application.id, chosen)
  const ticked = problems ? [fields.clients ?? []].flat() : null
  const path = `/applications/${application.id}/accounts`
  res.status(problems ? 422 : 200).render('applications/accounts', {
    application,
    path,
    done: applicationNoticeOn(req, application),
    ...chosen,
    accounts: accounts.map((account) => ({
      ...account,
      ticked: ticked ? ticked.includes(account.id) : account.admitted,
    })),
    first: chosen.after && listHref(path, { ...chosen, after: '' }),
    next: next && listHref(path, { ...chosen, after: next }),
    typed: typedFields(fields, EVIDENCE_FIELDS),
    problems: problems ?? {},
  })
}
