import { type Response, Router } from 'express'
import { refuse } from '../access/refuse.ts'
import { viewAccount } from '../access/view-account.ts'
import type { Deps } from '../deps.ts'
import { personOf } from '../gate/gate.ts'
import { readPolicy } from './mfa-policy.queries.ts'

/** Of which role groups an account requires MFA. */
export function mfaPolicyRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })
  routes.get('/mfa-policy', (_req, res) => renderPolicy(deps, res))
  routes.get('/clients/:id/mfa-policy', (req, res) => renderPolicy(deps, res, req.params.id))
  return routes
}

async function renderPolicy(deps: Deps, res: Response, clientId?: string): Promise<void> {
  const view = await viewAccount(deps, personOf(res), clientId)
  if (!view.allowed) return refuse(res, view.refusal)

  const { account, relation } = view
  res.render('mfa-policy/mfa-policy', {
    account,
    isOwn: relation === 'own',
    policy: await readPolicy(deps.db, account),
  })
}
