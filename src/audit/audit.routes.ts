import { type Request, type Response, Router } from 'express'
import { z } from 'zod'
import { refuse } from '../access/refuse.ts'
import { viewAccount } from '../access/view-account.ts'
import type { Deps } from '../deps.ts'
import { personOf } from '../gate/gate.ts'
import { choice, cursor, listHref } from '../http/list-query.ts'
import { AUDIT_ACTIONS } from './actions.ts'
import { readAuditPage } from './audit-page.queries.ts'
import { actionLabel } from './event-sentence.ts'
import { eventView } from './event-view.ts'

const filters = z.object({ action: choice(AUDIT_ACTIONS), after: cursor })

/** What has happened in an account. */
export function auditRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })
  routes.get('/audit', (req, res) => renderAudit(deps, req, res))
  routes.get('/clients/:id/audit', (req, res) => renderAudit(deps, req, res, req.params.id))
  return routes
}

async function renderAudit(deps: Deps, req: Request, res: Response, clientId?: string): Promise<void> {
  const viewer = personOf(res)
  const view = await viewAccount(deps, viewer, clientId)
  if (!view.allowed) return refuse(res, view.refusal)

  const { account, actor, relation } = view
  const chosen = filters.parse(req.query)
  const page = await readAuditPage(deps.db, account.id, chosen, {
    person: viewer,
    seesAll: actor.isServiceDesk,
  })
  res.render('audit/audit', {
    account,
    isOwn: relation === 'own',
    action: chosen.action,
    actions: AUDIT_ACTIONS.map((value) => ({ value, label: actionLabel(value) })),
    path: req.path,
    events: page.events.map(eventView),
    first: chosen.after && listHref(req.path, { ...chosen, after: '' }),
    next: page.next && listHref(req.path, { ...chosen, after: page.next }),
  })
}
