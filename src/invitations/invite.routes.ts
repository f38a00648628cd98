import { type Request, type Response, Router } from 'express'
import { goOnAfter, usersPageOf } from '../access/act-notice.ts'
import { actRequestOf } from '../access/act-request.ts'
import { offerRoleGroups, roleGroupKeys } from '../access/choose-role-groups.ts'
import { EVIDENCE_FIELDS } from '../access/evidence.ts'
import { answer, refuse } from '../access/refuse.ts'
import { requireStepUp } from '../access/require-step-up.ts'
import { readRoleGroups } from '../access/role-groups.queries.ts'
import { mayInvite } from '../access/rules.ts'
import { viewAccount, visitOf } from '../access/visit.ts'
import type { Deps } from '../deps.ts'
import { personOf } from '../gate/gate.ts'
import { readForm } from '../platform/http/form.ts'
import { typedFields } from '../platform/http/typed-text.ts'
import { type Invited, type InviteField, type InviteProblems, inviteUser } from './invite-user.ts'

export function inviteRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })

  routes.get('/users/new', (req, res) => renderInvite(deps, req, res))
  routes.get('/clients/:id/users/new', (req, res) => renderInvite(deps, req, res, req.params.id))

  routes.post('/users', readForm, requireStepUp(deps, { act: 'invite a user' }), async (req, res) => {
    const clientId = typedFields(req.body, ['clientId']).clientId || personOf(res).clientId
    const outcome = await inviteUser(deps, { ...actRequestOf(req), clientId })
    await answer<Invited, InviteProblems>(res, outcome, {
      done: (invited) => {
        if ('approvalId' in invited) return res.redirect(303, `/approvals/${invited.approvalId}`)
        goOnAfter(res, 'invited', invited.userId, usersPageOf(personOf(res), invited.clientId))
      },
      again: ({ problems }) => renderInvite(deps, req, res, clientId, problems),
    })
  })

  return routes
}

async function renderInvite(
  deps: Deps,
  req: Request,
  res: Response,
  clientId?: string,
  problems: Partial<Record<InviteField, string>> = {},
): Promise<void> {
  const view = await viewAccount(deps, visitOf(req, res), clientId, mayInvite)
  if (!view.ok) return refuse(res, view.refusal)
  const { account, actor, relation } = view

  const all = await readRoleGroups(deps.db)
  const { grantable, hint } = offerRoleGroups(actor, account.isPlatform, all)
  res.status(Object.keys(problems).length === 0 ? 200 : 422).render('invitations/invite', {
    account,
    isOwn: relation === 'own',
    byServiceDesk: actor.isServiceDesk,
    roleGroups: grantable.map(({ key, name }) => ({ value: key, label: name })),
    roleGroupsHint: hint,
    base: usersPageOf(personOf(res), account.id),
    typed: typedFields(req.body, ['email', 'name', ...EVIDENCE_FIELDS]),
    chosen: roleGroupKeys(req.body ?? {}),
    problems,
  })
}
