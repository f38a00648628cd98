import { type Request, type Response, Router } from 'express'
import { goOnAfter, returnOf } from '../access/act-notice.ts'
import { actRequestOf } from '../access/act-request.ts'
import {
  CHOOSE_ROLE_GROUPS,
  keysOf,
  namesOf,
  offerRoleGroups,
  roleGroupKeys,
} from '../access/choose-role-groups.ts'
import { EVIDENCE_FIELDS, type EvidenceField, evidenceProblems } from '../access/evidence.ts'
import { answer, refuse } from '../access/refuse.ts'
import { requireStepUp } from '../access/require-step-up.ts'
import { readRoleGroups } from '../access/role-groups.queries.ts'
import { mayChangeRoleGroups } from '../access/rules.ts'
import { viewTarget, visitOf } from '../access/visit.ts'
import type { Deps } from '../deps.ts'
import { readForm } from '../platform/http/form.ts'
import { typedFields } from '../platform/http/typed-text.ts'
import { changeRoleGroups } from './change-role-groups.ts'

export function roleGroupsRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })
  const stepUp = requireStepUp(deps, { act: 'change the role groups of a user' })

  routes.get('/users/:id/role-groups', (req, res) => renderRoleGroups(deps, req, res))

  routes.post('/users/:id/role-groups', readForm, stepUp, async (req, res) => {
    const targetId = String(req.params.id)
    await answer(res, await changeRoleGroups(deps, { ...actRequestOf(req), targetId }), {
      done: ({ approvalId }) => {
        const done = approvalId === null ? 'role-groups-changed' : 'role-groups-waiting'
        goOnAfter(res, done, targetId, returnOf(deps, req, targetId, `/users/${targetId}`).page)
      },
      again: ({ missing }) => renderRoleGroups(deps, req, res, missing),
    })
  })

  return routes
}

async function renderRoleGroups(
  deps: Deps,
  req: Request,
  res: Response,
  missing: readonly (EvidenceField | 'roleGroups')[] = [],
): Promise<void> {
  const verdict = await viewTarget(deps, visitOf(req, res), String(req.params.id), mayChangeRoleGroups)
  if (!verdict.ok) return refuse(res, verdict.refusal)

  const { targetPerson: person, actor } = verdict
  const { parameter, cancel } = returnOf(deps, req, person.id, `/users/${person.id}`)
  const held = keysOf(person.roleGroups)
  const all = await readRoleGroups(deps.db)
  const { grantable, notGrantable, hint } = offerRoleGroups(actor, person.ofPlatform, all)
  const kept = notGrantable.filter(({ key }) => held.includes(key))
  res.status(missing.length === 0 ? 200 : 422).render('users/role-groups', {
    user: { id: person.id, name: person.name, email: person.email, clientName: person.clientName },
    action: `/users/${person.id}/role-groups${parameter}`,
    cancel,
    byServiceDesk: actor.isServiceDesk,
    roleGroups: grantable.map(({ key, name }) => ({ value: key, label: name })),
    roleGroupsHint: kept.length > 0 ? `They keep ${namesOf(kept)}. ${hint}` : hint,
    // Role groups that the actor may not take away are sent along unchanged.
    kept: keysOf(kept),
    chosen: missing.length === 0 ? held : roleGroupKeys(req.body),
    typed: typedFields(req.body, EVIDENCE_FIELDS),
    problems: {
      ...evidenceProblems(missing.filter((field) => field !== 'roleGroups')),
      ...(missing.includes('roleGroups') && { roleGroups: CHOOSE_ROLE_GROUPS }),
    },
  })
}
