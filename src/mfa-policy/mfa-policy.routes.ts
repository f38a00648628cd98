import { type Request, type Response, Router } from 'express'
import { actRequestOf } from '../access/act-request.ts'
import { EVIDENCE_FIELDS, type EvidenceField, evidenceProblems } from '../access/evidence.ts'
import { answer, refuse } from '../access/refuse.ts'
import { requireStepUp } from '../access/require-step-up.ts'
import { mayLoosenPolicy, mayTightenPolicy } from '../access/rules.ts'
import { readOnlyBecause, viewAccount, visitOf } from '../access/visit.ts'
import type { Deps } from '../deps.ts'
import { type Person, passwordSuffices } from '../gate/facts.ts'
import { personOf } from '../gate/gate.ts'
import { readForm } from '../platform/http/form.ts'
import { leaveNotice, readNotice, writeNotice } from '../platform/http/notice.ts'
import { typedFields } from '../platform/http/typed-text.ts'
import { readHeadcounts } from '../users/headcounts.queries.ts'
import { affectedBy, affectedSentences } from './affected.ts'
import { readPolicy, readRequirements, requiredKeys } from './mfa-policy.queries.ts'
import { policyChange } from './policy-change.ts'
import { type PolicyForm, readPolicyForm } from './policy-form.ts'
import { requestMfaReminders } from './request-mfa-reminders.ts'
import { requireMfaFor } from './require-mfa-for.ts'

export function mfaPolicyRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })
  const stepUp = requireStepUp(deps, { act: 'change an MFA policy' })
  for (const path of ['/mfa-policy', '/clients/:id/mfa-policy']) {
    routes.get(path, (req, res) => renderPolicy(deps, req, res))
    routes.get(`${path}/review`, async (req, res) => {
      await renderReview(deps, req, res, readPolicyForm(req.query))
    })
    routes.post(path, readForm, stepUp, (req, res) => savePolicy(deps, req, res))
  }
  const stepUpToRemind = requireStepUp(deps, { act: 'remind people to set up MFA' })
  routes.post('/mfa-policy/reminders', readForm, stepUpToRemind, async (req, res) => {
    const { clientId } = personOf(res)
    await answer(res, await requestMfaReminders(deps, { ...actRequestOf(req), clientId }), {
      done: () => {
        leaveNotice(res, 'mfa-reminded')
        res.redirect(303, '/')
      },
      again: () => {
        throw new Error('the form of reminders has no fields')
      },
    })
  })
  return routes
}

async function savePolicy(deps: Deps, req: Request, res: Response): Promise<void> {
  const outcome = await requireMfaFor(deps, { ...actRequestOf(req), clientId: clientIdOf(req, res) })
  await answer(res, outcome, {
    done: () => {
      writeNotice(res, policyPageOf(req), { name: 'policy-saved' })
      res.redirect(303, policyPageOf(req))
    },
    again: ({ missing }) => {
      const evidence = missing.filter((field) => field !== 'roleGroups')
      return evidence.length < missing.length
        ? renderPolicy(deps, req, res, 422)
        : renderReview(deps, req, res, readPolicyForm(req.body), evidence)
    },
  })
}

/** Status 422: the form named a role group that the account does not have. */
async function renderPolicy(deps: Deps, req: Request, res: Response, status: 200 | 422 = 200): Promise<void> {
  const view = await viewAccount(deps, visitOf(req, res), clientIdOf(req, res))
  if (!view.ok) return refuse(res, view.refusal)

  const { account, actor, relation, target } = view
  const roleGroups = await readPolicy(deps.db, account)
  res.status(status).render('mfa-policy/mfa-policy', {
    account,
    isOwn: relation === 'own',
    readOnlyBecause: readOnlyBecause(actor, relation),
    roleGroups,
    mayTighten: mayTightenPolicy(actor, target) === null,
    mayLoosen: mayLoosenPolicy(actor, target) === null,
    basedOn: requiredKeys(roleGroups).join(','),
    review: `${policyPageOf(req)}/review`,
    saved: status === 200 && readNotice(req, { 'policy-saved': true }) !== null,
    problem: status === 422 ? 'Choose from the role groups listed here.' : '',
  })
}

async function renderReview(
  deps: Deps,
  req: Request,
  res: Response,
  form: PolicyForm,
  missing: readonly EvidenceField[] = [],
): Promise<void> {
  const view = await viewAccount(deps, visitOf(req, res), clientIdOf(req, res))
  if (!view.ok) return refuse(res, view.refusal)
  const { account, actor, relation, target } = view
  const requirements = await readRequirements(deps.db, account)
  if (!form.roleGroups.every((wanted) => requirements.some(({ key }) => key === wanted)))
    return renderPolicy(deps, req, res, 422)
  const change = policyChange(requiredKeys(requirements), form.roleGroups, form.basedOn)
  const rule = change.removed.length > 0 ? mayLoosenPolicy : mayTightenPolicy
  const refusal = rule(actor, target)
  if (refusal) {
    await view.refuse(refusal)
    return refuse(res, refusal)
  }

  const chosen = (keys: readonly string[]) => requirements.filter(({ key }) => keys.includes(key))
  const affected = affectedBy(await readHeadcounts(deps.db, [account.id]), {
    current: requiredKeys(requirements),
    next: change.next,
  })
  res.status(missing.length > 0 ? 422 : 200).render('mfa-policy/review', {
    account,
    isOwn: relation === 'own',
    added: chosen(change.added).map(({ name }) => name),
    removed: chosen(change.removed).map(({ name }) => name),
    sentences: affectedSentences(affected, {
      adds: change.added.length > 0,
      removes: change.removed.length > 0,
    }),
    affectsViewer: mustEnrol(personOf(res), account.id, change.added),
    action: policyPageOf(req),
    roleGroups: form.roleGroups,
    // Without `basedOn` the request refers to the current policy.
    basedOn: (form.basedOn ?? requiredKeys(requirements)).join(','),
    byServiceDesk: actor.isServiceDesk,
    typed: typedFields(req.body, EVIDENCE_FIELDS),
    problems: evidenceProblems(missing),
  })
}

function mustEnrol(viewer: Person, clientId: string, added: readonly string[]): boolean {
  const holds = viewer.clientId === clientId && viewer.roleGroups.some(({ key }) => added.includes(key))
  return holds && passwordSuffices(viewer)
}

function clientIdOf(req: Request, res: Response): string {
  return req.params.id === undefined ? personOf(res).clientId : String(req.params.id)
}

/** The page of the policy, under the same address as its review. */
function policyPageOf(req: Request): string {
  return req.path.replace(/\/review$/, '')
}
