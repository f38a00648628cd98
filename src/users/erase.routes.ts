import { type Request, type Response, Router } from 'express'
import { goOnAfter, returnOf, usersPageOf } from '../access/act-notice.ts'
import { actRequestOf } from '../access/act-request.ts'
import { EVIDENCE_FIELDS, EVIDENCE_PROBLEMS } from '../access/evidence.ts'
import { approvedRoleGroups } from '../access/people.ts'
import { answer, refuse } from '../access/refuse.ts'
import { requireStepUp } from '../access/require-step-up.ts'
import { mayErase } from '../access/rules.ts'
import { viewTarget, visitOf } from '../access/visit.ts'
import type { Deps } from '../deps.ts'
import { personOf } from '../gate/gate.ts'
import { readForm } from '../platform/http/form.ts'
import { typedFields } from '../platform/http/typed-text.ts'
import { administeredLately } from './administered-lately.queries.ts'
import { type ErasingField, eraseUser } from './erase-user.ts'
import { WITHOUT_NAME } from './names-person.ts'

const FIELDS = ['typedAddress', ...EVIDENCE_FIELDS] as const

export function eraseRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })
  const stepUp = requireStepUp(deps, { act: 'erase a person' })

  routes.get('/users/:id/erase', (req, res) => renderErase(deps, req, res))

  routes.post('/users/:id/erase', readForm, stepUp, async (req, res) => {
    const targetId = String(req.params.id)
    await answer(res, await eraseUser(deps, { ...actRequestOf(req), targetId }), {
      done: ({ clientId, approvalId }) => {
        const back = returnOf(deps, req, targetId, `/users/${targetId}`)
        // An erased user has no page.
        const users = back.row ?? usersPageOf(personOf(res), clientId)
        if (approvalId === null) goOnAfter(res, 'erased', targetId, users)
        else goOnAfter(res, 'erasing-waits', targetId, back.page)
      },
      again: ({ missing }) => renderErase(deps, req, res, missing),
    })
  })

  return routes
}

async function renderErase(
  deps: Deps,
  req: Request,
  res: Response,
  wrong: readonly ErasingField[] = [],
): Promise<void> {
  const verdict = await viewTarget(deps, visitOf(req, res), String(req.params.id), mayErase)
  if (!verdict.ok) return refuse(res, verdict.refusal)

  const { targetPerson: person, actor } = verdict
  const administered = await administeredLately(deps.db, person.id, deps.clock.now())
  const { id, name, email, clientName } = person
  const { parameter, cancel } = returnOf(deps, req, id, `/users/${id}`)
  res.status(wrong.length === 0 ? 200 : 422).render('users/erase', {
    user: { id, name, email, clientName },
    action: `/users/${id}/erase${parameter}`,
    cancel,
    waits: approvedRoleGroups(person).length > 0 || administered,
    byServiceDesk: actor.isServiceDesk,
    typed: typedFields(req.body, FIELDS),
    problems: {
      ticket: wrong.includes('ticket')
        ? EVIDENCE_PROBLEMS.ticket
        : wrong.includes('namesInTicket')
          ? WITHOUT_NAME
          : '',
      reason: wrong.includes('reason')
        ? EVIDENCE_PROBLEMS.reason
        : wrong.includes('namesInReason')
          ? WITHOUT_NAME
          : '',
      typedAddress: wrong.includes('typedAddress') ? `Type the address of ${name} as it stands above.` : '',
    },
  })
}
