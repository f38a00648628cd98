import type { Request, Response } from 'express'
import { EVIDENCE_FIELDS, type EvidenceField, evidenceProblems } from '../access/evidence.ts'
import { refuse } from '../access/refuse.ts'
import { mayLoosenPolicy, mayTightenPolicy } from '../access/rules.ts'
import { readOnlyBecause, viewAccount, visitOf } from '../access/visit.ts'
import type { Deps } from '../deps.ts'
import { type Person, passwordSuffices } from '../gate/facts.ts'
import { personOf } from '../gate/gate.ts'
import { isInForce, type Requirement } from '../gate/mfa-required.ts'
import { readNotice } from '../platform/http/notice.ts'
import { typedFields } from '../platform/http/typed-text.ts'
import { instantText } from '../platform/time/instant-text.ts'
import { localText } from '../platform/time/moment.ts'
import { readHeadcounts } from '../users/headcounts.queries.ts'
import { affectedSentences } from './affected.ts'
import {
  type RoleGroupPolicy,
  readPolicy,
  readPolicyWithMembers,
  requirementsOf,
} from './mfa-policy.queries.ts'
import { areKnown, changesNothing, loosens, policyChange } from './policy-change.ts'
import { type PolicyForm, readStart } from './policy-form.ts'

/** `form`: a form that cannot be reviewed, to be shown again with what is wrong. */
export async function renderPolicy(
  deps: Deps,
  req: Request,
  res: Response,
  form?: PolicyForm,
): Promise<void> {
  const view = await viewAccount(deps, visitOf(req, res), clientIdOf(req, res))
  if (!view.ok) return refuse(res, view.refusal)

  const { account, actor, relation, target } = view
  const reader = { now: deps.clock.now(), timeZone: res.locals.timeZone }
  const policy = await readPolicyWithMembers(deps.db, account)
  const start = readStart(form?.startsAt ?? '', reader)
  res.status(form ? 422 : 200).render('mfa-policy/mfa-policy', {
    account,
    isOwn: relation === 'own',
    readOnlyBecause: readOnlyBecause(actor, relation),
    roleGroups: policy.map((roleGroup) => roleGroupView(roleGroup, reader.now, form)),
    mayTighten: mayTightenPolicy(actor, target) === null,
    mayLoosen: mayLoosenPolicy(actor, target) === null,
    basedOn: requirementsOf(policy)
      .map(({ key }) => key)
      .join(','),
    startsAt: start.ok ? start.startsAt && localText(start.startsAt, reader.timeZone) : form?.startsAt,
    startProblem: start.ok ? '' : start.problem,
    isPreview: req.get('HX-Request') === 'true',
    review: `${policyPageOf(req)}/review`,
    saved: !form && readNotice(req, { 'policy-saved': true }) !== null,
    problem: areKnown(policy, form?.roleGroups ?? []) ? '' : 'Choose from the role groups listed here.',
  })
}

function requiresFor(requirement: Requirement | null, now: Date): 'yes' | 'later' | 'no' {
  if (requirement === null) return 'no'
  return isInForce(requirement, now) ? 'yes' : 'later'
}

function roleGroupView(
  { key, name, requirement, members }: RoleGroupPolicy & { members: number },
  now: Date,
  form?: PolicyForm,
) {
  return {
    key,
    name,
    members,
    requires: requiresFor(requirement, now),
    startsAt: requirement?.startsAt,
    isChosen: form ? form.roleGroups.includes(key) : requirement !== null,
    changesStart: form?.changeStart.includes(key) ?? false,
  }
}

/** What a change would do, before it is saved. `missing`: evidence that the form lacks. */
export async function renderReview(
  deps: Deps,
  req: Request,
  res: Response,
  form: PolicyForm,
  missing: readonly EvidenceField[] = [],
): Promise<void> {
  const view = await viewAccount(deps, visitOf(req, res), clientIdOf(req, res))
  if (!view.ok) return refuse(res, view.refusal)
  const { account, actor, relation, target } = view
  const { timeZone } = res.locals
  const now = deps.clock.now()
  const policy = await readPolicy(deps.db, account)
  const start = readStart(form.startsAt, { now, timeZone })
  if (!start.ok || !areKnown(policy, form.roleGroups)) return renderPolicy(deps, req, res, form)
  const { startsAt } = start
  const current = requirementsOf(policy)
  const change = policyChange(current, { ...form, startsAt }, now)
  const refusal = (loosens(change) ? mayLoosenPolicy : mayTightenPolicy)(actor, target)
  if (refusal) {
    await view.refuse(refusal)
    return refuse(res, refusal)
  }

  const names = (keys: readonly string[]) =>
    policy.flatMap(({ key, name }) => (keys.includes(key) ? [name] : []))
  const startText = startsAt ? instantText(startsAt, timeZone) : ''
  const reviewed = { current, change, startsAt, startText }
  res.status(missing.length > 0 ? 422 : 200).render('mfa-policy/review', {
    account,
    isOwn: relation === 'own',
    added: names(change.added),
    moved: names([...change.earlier, ...change.later]),
    removed: names(change.removed),
    changesNothing: changesNothing(change),
    startsAt,
    sentences: affectedSentences(await readHeadcounts(deps.db, [account.id]), reviewed, now),
    affectsViewer: mustEnrol(personOf(res), account.id, [...change.added, ...change.earlier], now),
    action: policyPageOf(req),
    roleGroups: form.roleGroups,
    changeStart: form.changeStart,
    // Without `basedOn` the request refers to the current policy.
    basedOn: (form.basedOn ?? current.map(({ key }) => key)).join(','),
    byServiceDesk: actor.isServiceDesk,
    typed: typedFields(req.body, EVIDENCE_FIELDS),
    problems: evidenceProblems(missing),
  })
}

function mustEnrol(viewer: Person, clientId: string, required: readonly string[], now: Date): boolean {
  const holds = viewer.clientId === clientId && viewer.roleGroups.some(({ key }) => required.includes(key))
  return holds && passwordSuffices(viewer, now)
}

/** The account that the address names, or one's own. */
export function clientIdOf(req: Request, res: Response): string {
  return req.params.id === undefined ? personOf(res).clientId : String(req.params.id)
}

/** The page of the policy, under the same address as its review. */
export function policyPageOf(req: Request): string {
  return req.path.replace(/\/review$/, '')
}
