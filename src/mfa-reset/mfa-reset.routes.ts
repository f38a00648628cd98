import { type Request, type Response, Router } from 'express'
import { goOnAfter, returnOf, usersPageOf } from '../access/act-notice.ts'
import { actRequestOf } from '../access/act-request.ts'
import { evidenceProblems } from '../access/evidence.ts'
import { answer, refuse } from '../access/refuse.ts'
import { requireStepUp } from '../access/require-step-up.ts'
import { mayResetMfa } from '../access/rules.ts'
import { viewTarget, visitOf } from '../access/visit.ts'
import type { Deps } from '../deps.ts'
import { personOf } from '../gate/gate.ts'
import { mfaRequired } from '../gate/mfa-required.ts'
import { readForm } from '../platform/http/form.ts'
import { typedFields } from '../platform/http/typed-text.ts'
import { IDENTIFICATIONS } from './identifications.ts'
import { RESET_FIELDS, type ResetField, requestMfaReset } from './request-mfa-reset.ts'

export function mfaResetRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })
  const stepUp = requireStepUp(deps, { act: 'reset the authenticator of a user' })

  routes.get('/users/:id/mfa-reset', (req, res) => renderConfirm(deps, req, res))

  routes.post('/users/:id/mfa-reset', readForm, stepUp, async (req, res) => {
    const targetId = String(req.params.id)
    await answer(res, await requestMfaReset(deps, { ...actRequestOf(req), targetId }), {
      done: ({ clientId }) => {
        const { page } = returnOf(deps, req, targetId, usersPageOf(personOf(res), clientId))
        goOnAfter(res, 'mfa-reset', targetId, page)
      },
      again: ({ missing }) => renderConfirm(deps, req, res, missing),
    })
  })

  return routes
}

async function renderConfirm(
  deps: Deps,
  req: Request,
  res: Response,
  missing: readonly ResetField[] = [],
): Promise<void> {
  const verdict = await viewTarget(deps, visitOf(req, res), String(req.params.id), mayResetMfa)
  if (!verdict.ok) return refuse(res, verdict.refusal)

  const { targetPerson: person } = verdict
  const { parameter, cancel } = returnOf(deps, req, person.id, usersPageOf(personOf(res), person.clientId))
  res.status(missing.length === 0 ? 200 : 422).render('mfa-reset/confirm', {
    user: { id: person.id, name: person.name, email: person.email, clientName: person.clientName },
    mfaRequired: mfaRequired(person, deps.clock.now()),
    byServiceDesk: verdict.actor.isServiceDesk,
    action: `/users/${person.id}/mfa-reset${parameter}`,
    cancel,
    typed: typedFields(req.body, RESET_FIELDS),
    identifications: Object.entries(IDENTIFICATIONS).map(([value, { choice }]) => ({ value, label: choice })),
    problems: {
      ...evidenceProblems(missing.filter((field) => field !== 'identifiedBy')),
      ...(missing.includes('identifiedBy') && { identifiedBy: 'Choose how you made sure.' }),
    },
  })
}
