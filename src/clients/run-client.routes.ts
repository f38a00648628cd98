import { type Request, type Response, Router } from 'express'
import { actRequestOf } from '../access/act-request.ts'
import { answer, refuse } from '../access/refuse.ts'
import { requireStepUp } from '../access/require-step-up.ts'
import {
  mayCreateClient,
  mayRenameClient,
  mayResumeClient,
  maySetClientDetails,
  maySuspendClient,
} from '../access/rules.ts'
import { viewAccount, viewPage, visitOf } from '../access/visit.ts'
import type { Deps } from '../deps.ts'
import { readForm } from '../platform/http/form.ts'
import { typedFields } from '../platform/http/typed-text.ts'
import { TIME_ZONES } from '../platform/time/time-zones.ts'
import type { ClientProblems } from './act-on-client.ts'
import { goOnAfter } from './client-notice.ts'
import { readClientDetails } from './clients.queries.ts'
import { createClient, NEW_CLIENT_FIELDS, type NewClientProblems } from './create-client.ts'
import { renameClient } from './rename-client.ts'
import { resumeClient } from './resume-client.ts'
import { setSupport } from './set-support.ts'
import { setTimeZone } from './set-time-zone.ts'
import { SUPPORT_FIELDS } from './support-fields.ts'
import { suspendClient } from './suspend-client.ts'

const ACTS = [
  {
    path: 'name',
    verb: 'rename',
    done: 'client-renamed',
    rule: mayRenameClient,
    act: renameClient,
    does: 'rename a client account',
  },
  {
    path: 'support',
    verb: 'support',
    done: 'client-support-changed',
    rule: maySetClientDetails,
    act: setSupport,
    does: 'change the support contact of a client account',
  },
  {
    path: 'time-zone',
    verb: 'time-zone',
    done: 'client-time-zone-changed',
    rule: maySetClientDetails,
    act: setTimeZone,
    does: 'change the time zone of a client account',
  },
  {
    path: 'suspend',
    verb: 'suspend',
    done: 'client-suspended',
    rule: maySuspendClient,
    act: suspendClient,
    does: 'suspend a client account',
  },
  {
    path: 'resume',
    verb: 'resume',
    done: 'client-resumed',
    rule: mayResumeClient,
    act: resumeClient,
    does: 'resume a client account',
  },
] as const

/** Creates, renames, suspends and resumes client accounts. Mounted before the pages of single accounts. */
export function runClientRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })
  const stepUpToCreate = requireStepUp(deps, { act: 'create a client account' })

  routes.get('/clients/new', (req, res) => renderNew(deps, req, res, req.query, {}))

  routes.post('/clients', readForm, stepUpToCreate, async (req, res) => {
    await answer(res, await createClient(deps, actRequestOf(req)), {
      done: ({ clientId }) => goOnAfter(res, 'client-created', clientId),
      again: ({ problems }) => renderNew(deps, req, res, req.body, problems),
    })
  })

  for (const clientAct of ACTS) {
    const { path, done, act, does } = clientAct
    const stepUp = requireStepUp(deps, { act: does })
    routes.get(`/clients/:id/${path}`, (req, res) => renderAct(deps, req, res, clientAct))
    routes.post(`/clients/:id/${path}`, readForm, stepUp, async (req, res) => {
      const clientId = String(req.params.id)
      await answer(res, await act(deps, { ...actRequestOf(req), clientId }), {
        done: () => goOnAfter(res, done, clientId),
        again: ({ problems }) => renderAct(deps, req, res, clientAct, problems),
      })
    })
  }

  return routes
}

async function renderAct(
  deps: Deps,
  req: Request,
  res: Response,
  { verb, rule }: (typeof ACTS)[number],
  problems: ClientProblems = {},
): Promise<void> {
  const view = await viewAccount(deps, visitOf(req, res), String(req.params.id), rule)
  if (!view.ok) return refuse(res, view.refusal)

  const { account } = view
  const body: Record<string, unknown> = req.body ?? {
    name: account.name,
    ...(await readClientDetails(deps.db, account.id)),
  }
  res.status(hasProblems(problems) ? 422 : 200).render(`clients/${verb}`, {
    account,
    typed: typedFields(body, ['name', ...SUPPORT_FIELDS, 'timeZone', 'ticket', 'reason']),
    problems,
    timeZones: TIME_ZONES,
  })
}

/** The form of a new account. `fields` come from the form or, with the parent, from the link to this page. */
async function renderNew(
  deps: Deps,
  req: Request,
  res: Response,
  fields: Record<string, unknown>,
  problems: NewClientProblems,
): Promise<void> {
  const visit = visitOf(req, res)
  const view = await viewPage(deps, visit, mayCreateClient)
  if (!view.ok) return refuse(res, view.refusal)

  const typed = typedFields(fields, NEW_CLIENT_FIELDS)
  const parent = typed.parentId === '' ? null : await viewAccount(deps, visit, typed.parentId)
  res.status(hasProblems(problems) ? 422 : 200).render('clients/new', {
    typed,
    parent: parent?.ok && !parent.account.isPlatform ? parent.account : null,
    problems,
  })
}

function hasProblems(problems: ClientProblems | NewClientProblems): boolean {
  return Object.keys(problems).length > 0
}
