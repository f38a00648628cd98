import { type Request, type Response, Router } from 'express'
import { goOnAfter, returnOf, usersPageOf } from '../access/act-notice.ts'
import { actRequestOf } from '../access/act-request.ts'
import { EVIDENCE_FIELDS, type EvidenceField, evidenceProblems } from '../access/evidence.ts'
import { answer, refuse } from '../access/refuse.ts'
import { requireStepUp } from '../access/require-step-up.ts'
import { mayChangeInvitation, mayDisable, mayEnable, mayEndSessions, mayUnlock } from '../access/rules.ts'
import { viewTarget, visitOf } from '../access/visit.ts'
import type { Deps } from '../deps.ts'
import { personOf } from '../gate/gate.ts'
import { readInvitation } from '../invitations/invitations.queries.ts'
import { resendInvitation } from '../invitations/resend-invitation.ts'
import { withdrawInvitation } from '../invitations/withdraw-invitation.ts'
import { readForm } from '../platform/http/form.ts'
import { typedFields } from '../platform/http/typed-text.ts'
import { disableUser } from './disable-user.ts'
import { administeringAgain, enableUser } from './enable-user.ts'
import { endSessionsOfUser } from './end-sessions-of-user.ts'
import { liftLockout } from './lift-lockout.ts'

const ACTS = [
  {
    path: 'unlock',
    name: 'lift a lock',
    rule: mayUnlock,
    act: liftLockout,
    view: 'users/unlock',
    done: 'unlocked',
  },
  {
    path: 'sessions/end',
    name: 'end all sessions of a user',
    rule: mayEndSessions,
    act: endSessionsOfUser,
    view: 'users/end-sessions',
    done: 'sessions-ended',
  },
  {
    path: 'disable',
    name: 'disable an account',
    rule: mayDisable,
    act: disableUser,
    view: 'users/disable',
    done: 'disabled',
  },
  {
    path: 'enable',
    name: 'enable an account',
    rule: mayEnable,
    act: enableUser,
    view: 'users/enable',
    done: 'enabled',
  },
  {
    path: 'invitation',
    name: 'send an invitation again',
    rule: mayChangeInvitation,
    act: resendInvitation,
    view: 'invitations/resend',
    done: 'invitation-resent',
  },
  {
    path: 'invitation/withdraw',
    name: 'withdraw an invitation',
    rule: mayChangeInvitation,
    act: withdrawInvitation,
    view: 'invitations/withdraw',
    done: 'invitation-withdrawn',
  },
] as const
type UserAct = (typeof ACTS)[number]

export function actOnUserRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })

  for (const userAct of ACTS) {
    const { path, name, act, done } = userAct
    const stepUp = requireStepUp(deps, { act: name })
    routes.get(`/users/:id/${path}`, (req, res) => renderAct(deps, req, res, userAct))
    routes.post(`/users/:id/${path}`, readForm, stepUp, async (req, res) => {
      const targetId = String(req.params.id)
      await answer(res, await act(deps, { ...actRequestOf(req), targetId }), {
        done: (outcome) => {
          const waits = 'approvalId' in outcome && outcome.approvalId !== null
          const back = returnOf(deps, req, targetId, `/users/${targetId}`)
          const users = back.row ?? usersPageOf(personOf(res), outcome.clientId)
          // A user whose invitation was withdrawn has no page.
          const page = done === 'invitation-withdrawn' ? users : back.page
          goOnAfter(res, waits ? 'enabling-waits' : done, targetId, page)
        },
        again: ({ missing }) => renderAct(deps, req, res, userAct, missing),
      })
    })
  }

  return routes
}

async function renderAct(
  deps: Deps,
  req: Request,
  res: Response,
  { path, rule, view }: UserAct,
  missing: readonly EvidenceField[] = [],
): Promise<void> {
  const verdict = await viewTarget(deps, visitOf(req, res), String(req.params.id), rule)
  if (!verdict.ok) return refuse(res, verdict.refusal)

  const { targetPerson } = verdict
  const { id, name, email, clientName, status } = targetPerson
  const now = deps.clock.now()
  const { parameter, cancel } = returnOf(deps, req, id, `/users/${id}`)
  res.status(missing.length === 0 ? 200 : 422).render(view, {
    user: { id, name, email, clientName },
    action: `/users/${id}/${path}${parameter}`,
    cancel,
    waits: status === 'disabled' && (await administeringAgain(deps.db, targetPerson, now)).length > 0,
    invitation: status === 'invited' ? await readInvitation(deps.db, id, now) : null,
    byServiceDesk: verdict.actor.isServiceDesk,
    typed: typedFields(req.body, EVIDENCE_FIELDS),
    problems: evidenceProblems(missing),
  })
}
