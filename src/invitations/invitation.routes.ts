import { type Request, type Response, Router } from 'express'
import { type EvidenceField, evidenceProblems } from '../access/evidence.ts'
import { refuse } from '../access/refuse.ts'
import { mayChangeInvitation } from '../access/rules.ts'
import { viewTarget } from '../access/view-target.ts'
import type { Deps } from '../deps.ts'
import { personOf, proofsOf } from '../gate/gate.ts'
import { readForm } from '../http/form.ts'
import { originOf } from '../http/origin.ts'
import { typedFields } from '../http/typed-fields.ts'
import { requirePresence } from '../presence/require-presence.ts'
import { goOnAfter } from '../users/act-notice.ts'
import { usersPageOf } from '../users/users-page-of.ts'
import { resendInvitation, withdrawInvitation } from './change-invitation.ts'
import { readInvitation } from './invitations.queries.ts'

/** The invitation of a user who is not active yet: sent again, or taken back. Each has a page that says what it does. */
export function invitationRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })
  const presentToResend = requirePresence(deps, { act: 'send an invitation again' })
  const presentToWithdraw = requirePresence(deps, { act: 'withdraw an invitation' })

  routes.get('/users/:id/invitation', (req, res) => renderChange(deps, 'invitations/resend', req, res))
  routes.post('/users/:id/invitation', readForm, presentToResend, async (req, res) => {
    const request = requestOf(req)
    const { targetId } = request
    const outcome = await resendInvitation(deps, request)
    if (outcome.ok) return goOnAfter(res, 'invitation-resent', targetId, `/users/${targetId}`)
    if (outcome.refusal !== null) return refuse(res, outcome.refusal)
    await renderChange(deps, 'invitations/resend', req, res, outcome.missing)
  })

  routes.get('/users/:id/invitation/withdraw', (req, res) =>
    renderChange(deps, 'invitations/withdraw', req, res),
  )
  routes.post('/users/:id/invitation/withdraw', readForm, presentToWithdraw, async (req, res) => {
    const request = requestOf(req)
    const outcome = await withdrawInvitation(deps, request)
    if (outcome.ok) {
      const page = usersPageOf(personOf(res), outcome.clientId)
      return goOnAfter(res, 'invitation-withdrawn', request.targetId, page)
    }
    if (outcome.refusal !== null) return refuse(res, outcome.refusal)
    await renderChange(deps, 'invitations/withdraw', req, res, outcome.missing)
  })

  return routes
}

function requestOf(req: Request) {
  return { actor: proofsOf(req), targetId: String(req.params.id), form: req.body, origin: originOf(req) }
}

async function renderChange(
  deps: Deps,
  view: string,
  req: Request,
  res: Response,
  missing: readonly EvidenceField[] = [],
): Promise<void> {
  const verdict = await viewTarget(deps, personOf(res), String(req.params.id), mayChangeInvitation)
  if (!verdict.allowed) return refuse(res, verdict.refusal)

  const { id, name, email, clientName } = verdict.targetPerson
  res.status(missing.length === 0 ? 200 : 422).render(view, {
    user: { id, name, email, clientName },
    invitation: await readInvitation(deps.db, id, deps.clock.now()),
    byServiceDesk: verdict.actor.isServiceDesk,
    typed: typedFields(req.body, ['reason', 'ticket']),
    problems: evidenceProblems(missing),
  })
}
