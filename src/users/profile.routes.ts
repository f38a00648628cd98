import { type Request, type Response, Router } from 'express'
import { goOnAfter, returnOf } from '../access/act-notice.ts'
import { actRequestOf } from '../access/act-request.ts'
import { REFUSALS } from '../access/refusals.ts'
import { answer, refuse } from '../access/refuse.ts'
import { requireStepUp } from '../access/require-step-up.ts'
import { mayChangeEmail, mayChangeProfile } from '../access/rules.ts'
import { viewTarget, visitOf } from '../access/visit.ts'
import type { Deps } from '../deps.ts'
import { readOpenEmailChange } from '../email-change/email-changes.queries.ts'
import { readForm } from '../platform/http/form.ts'
import { typedFields } from '../platform/http/typed-text.ts'
import { changeProfile, PROFILE_FIELDS, type ProfileProblems } from './change-profile.ts'

export function profileRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })
  const stepUp = requireStepUp(deps, { act: 'change the profile of a user' })

  routes.get('/users/:id/profile', (req, res) => renderProfile(deps, req, res))

  routes.post('/users/:id/profile', readForm, stepUp, async (req, res) => {
    const targetId = String(req.params.id)
    await answer(res, await changeProfile(deps, { ...actRequestOf(req), targetId }), {
      done: ({ emailAsked }) => {
        const { page } = returnOf(deps, req, targetId, `/users/${targetId}`)
        goOnAfter(res, emailAsked ? 'email-change-asked' : 'profile-changed', targetId, page)
      },
      again: ({ problems }) => renderProfile(deps, req, res, problems),
    })
  })

  return routes
}

async function renderProfile(
  deps: Deps,
  req: Request,
  res: Response,
  problems: ProfileProblems | null = null,
): Promise<void> {
  const verdict = await viewTarget(deps, visitOf(req, res), String(req.params.id), mayChangeProfile)
  if (!verdict.ok) return refuse(res, verdict.refusal)

  const { id, name, email, clientName } = verdict.targetPerson
  const refusal = mayChangeEmail(verdict.actor, verdict.target)
  const waiting = await readOpenEmailChange(deps.db, id, deps.clock.now())
  const { parameter, cancel } = returnOf(deps, req, id, `/users/${id}`)
  res.status(problems ? 422 : 200).render('users/profile', {
    user: { name, email, clientName },
    waiting,
    whyNoEmail: refusal ? REFUSALS[refusal].sentence : '',
    action: `/users/${id}/profile${parameter}`,
    cancel,
    byServiceDesk: verdict.actor.isServiceDesk,
    typed: {
      ...typedFields(req.body, PROFILE_FIELDS),
      ...(problems === null && { name, email: waiting?.newEmail ?? email }),
    },
    problems: problems ?? {},
  })
}
