import { type Request, type Response, Router } from 'express'
import { type EvidenceField, evidenceProblems } from '../access/evidence.ts'
import { refuse } from '../access/refuse.ts'
import { mayDisable, mayEnable } from '../access/rules.ts'
import { viewTarget } from '../access/view-target.ts'
import type { Deps } from '../deps.ts'
import { personOf, proofsOf } from '../gate/gate.ts'
import { readForm } from '../http/form.ts'
import { originOf } from '../http/origin.ts'
import { typedFields } from '../http/typed-fields.ts'
import { requirePresence } from '../presence/require-presence.ts'
import { goOnAfter } from './act-notice.ts'
import { disableUser, enableUser } from './disable-user.ts'

const ACTS = {
  disable: { act: disableUser, rule: mayDisable, done: 'disabled' },
  enable: { act: enableUser, rule: mayEnable, done: 'enabled' },
} as const
type Act = keyof typeof ACTS

/** Shutting a user out, and letting them in again. Each has a page that names the person and asks for the reason. */
export function disablingRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })

  for (const name of ['disable', 'enable'] as const) {
    const present = requirePresence(deps, { act: `${name} an account` })
    routes.get(`/users/:id/${name}`, (req, res) => renderConfirm(deps, name, req, res))

    routes.post(`/users/:id/${name}`, readForm, present, async (req, res) => {
      const targetId = String(req.params.id)
      const outcome = await ACTS[name].act(deps, {
        actor: proofsOf(req),
        targetId,
        form: req.body,
        origin: originOf(req),
      })
      if (outcome.ok) return goOnAfter(res, ACTS[name].done, targetId, `/users/${targetId}`)
      if (outcome.refusal !== null) return refuse(res, outcome.refusal)
      await renderConfirm(deps, name, req, res, outcome.missing)
    })
  }

  return routes
}

async function renderConfirm(
  deps: Deps,
  act: Act,
  req: Request,
  res: Response,
  missing: readonly EvidenceField[] = [],
): Promise<void> {
  const verdict = await viewTarget(deps, personOf(res), String(req.params.id), ACTS[act].rule)
  if (!verdict.allowed) return refuse(res, verdict.refusal)

  const { id, name, email, clientName } = verdict.targetPerson
  res.status(missing.length === 0 ? 200 : 422).render(`users/${act}`, {
    user: { id, name, email, clientName },
    byServiceDesk: verdict.actor.isServiceDesk,
    typed: typedFields(req.body, ['reason', 'ticket']),
    problems: evidenceProblems(missing),
  })
}
