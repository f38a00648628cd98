import { type Request, type Response, Router } from 'express'
import { type EvidenceField, evidenceProblems } from '../access/evidence.ts'
import { refuse } from '../access/refuse.ts'
import { mayUnlock } from '../access/rules.ts'
import { viewTarget } from '../access/view-target.ts'
import type { Deps } from '../deps.ts'
import { personOf, proofsOf } from '../gate/gate.ts'
import { readForm } from '../http/form.ts'
import { originOf } from '../http/origin.ts'
import { typedFields } from '../http/typed-fields.ts'
import { requirePresence } from '../presence/require-presence.ts'
import { goOnAfter } from '../users/act-notice.ts'
import { liftLockout } from './lift-lockout.ts'

/** Unlocking a user before the lock ends by itself: a page that names the person and asks for the reason, then the act. */
export function unlockRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })
  const present = requirePresence(deps, { act: 'lift a lock' })

  routes.get('/users/:id/unlock', (req, res) => renderConfirm(deps, req, res))

  routes.post('/users/:id/unlock', readForm, present, async (req, res) => {
    const targetId = String(req.params.id)
    const outcome = await liftLockout(deps, {
      actor: proofsOf(req),
      targetId,
      form: req.body,
      origin: originOf(req),
    })
    if (outcome.ok) return goOnAfter(res, 'unlocked', targetId, `/users/${targetId}`)
    if (outcome.refusal !== null) return refuse(res, outcome.refusal)
    await renderConfirm(deps, req, res, outcome.missing)
  })

  return routes
}

async function renderConfirm(
  deps: Deps,
  req: Request,
  res: Response,
  missing: readonly EvidenceField[] = [],
): Promise<void> {
  const verdict = await viewTarget(deps, personOf(res), String(req.params.id), mayUnlock)
  if (!verdict.allowed) return refuse(res, verdict.refusal)

  const { id, name, email, clientName } = verdict.targetPerson
  res.status(missing.length === 0 ? 200 : 422).render('users/unlock', {
    user: { id, name, email, clientName },
    byServiceDesk: verdict.actor.isServiceDesk,
    typed: typedFields(req.body, ['reason', 'ticket']),
    problems: evidenceProblems(missing),
  })
}
