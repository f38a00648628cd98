import { type Request, type Response, Router } from 'express'
import { actRequestOf } from '../access/act-request.ts'
import {
  type Case,
  OPEN_SHOWN,
  readCase,
  readEndedCases,
  readOpenCases,
} from '../access/approvals.queries.ts'
import { readStaff } from '../access/approvers.queries.ts'
import { approversOf } from '../access/approvers.ts'
import { CLOSINGS, type Closing } from '../access/closings.ts'
import { APPROVAL_LIFE_MS } from '../access/open-approval.ts'
import { actorOf } from '../access/people.ts'
import { answer, refuse } from '../access/refuse.ts'
import { requireStepUp } from '../access/require-step-up.ts'
import { readRoleGroups } from '../access/role-groups.queries.ts'
import { type Actor, mayViewApprovals } from '../access/rules.ts'
import { refuseUnknownPage, viewPage, visitOf } from '../access/visit.ts'
import type { Deps } from '../deps.ts'
import { personOf } from '../gate/gate.ts'
import { readForm } from '../platform/http/form.ts'
import { readNotice, writeNotice } from '../platform/http/notice.ts'
import { typedFields } from '../platform/http/typed-text.ts'
import { WITHOUT_NAME } from '../users/names-person.ts'
import { approvalView } from './approval-view.ts'
import { DECISION_FIELDS, type DecisionField, decideApproval } from './decide-approval.ts'
import { withdrawApproval } from './withdraw-approval.ts'

const PAGE = '/approvals'

const DONE = {
  approved: 'It is approved and has taken effect. The agent who asked is told by mail.',
  refused: 'It is refused, and nothing has changed. The agent who asked is told by mail.',
  withdrawn: 'Your request is withdrawn, and nothing has changed.',
} as const

const MESSAGES: Readonly<Record<DecisionField, string>> = {
  decision: 'Choose whether you approve or refuse.',
  reason: 'Say why you refuse, in at most 500 characters.',
}

export function approvalsRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })
  const stepUp = requireStepUp(deps, { act: 'decide about another agent’s request' })
  const stepUpToWithdraw = requireStepUp(deps, { act: 'withdraw your request', back: PAGE })

  routes.get(PAGE, (req, res) => renderList(deps, req, res))
  routes.get(`${PAGE}/:id`, (req, res) => renderCase(deps, req, res))

  routes.post(`${PAGE}/:id`, readForm, stepUp, async (req, res) => {
    const approvalId = String(req.params.id)
    await answer(res, await decideApproval(deps, { ...actRequestOf(req), approvalId }), {
      done: ({ decided }) => goOn(res, decided),
      again: (problem) => renderCase(deps, req, res, problem),
    })
  })

  routes.post(`${PAGE}/:id/withdraw`, readForm, stepUpToWithdraw, async (req, res) => {
    const approvalId = String(req.params.id)
    const outcome = await withdrawApproval(deps, { ...actRequestOf(req), approvalId })
    if (outcome.ok) return goOn(res, 'withdrawn')
    refuse(res, outcome.refusal)
  })

  return routes
}

function goOn(res: Response, done: keyof typeof DONE): void {
  writeNotice(res, PAGE, { name: done })
  res.redirect(303, PAGE)
}

async function renderList(deps: Deps, req: Request, res: Response): Promise<void> {
  const view = await viewPage(deps, visitOf(req, res), mayViewApprovals)
  if (!view.ok) return refuse(res, view.refusal)

  const { actor } = view
  const now = deps.clock.now()
  const open = await readOpenCases(deps.db, now)
  const ended = await readEndedCases(deps.db, now, actor.isServiceDesk ? undefined : actor.id)
  const views = await viewsOf(deps, actor, [...open.slice(0, OPEN_SHOWN), ...ended])
  const shown = views.filter(({ isHidden }) => !isHidden)
  const done = readNotice(req, DONE)
  res.render('approvals/approvals', {
    done: done ? DONE[done.name] : '',
    open: shown.filter(({ status }) => status === 'open'),
    more: open.length > OPEN_SHOWN,
    ended: shown.filter(({ status }) => status !== 'open'),
    life: APPROVAL_LIFE_MS,
    byServiceDesk: actor.isServiceDesk,
    approversOfOwn: await approversOfOwn(deps, actor),
  })
}

async function renderCase(
  deps: Deps,
  req: Request,
  res: Response,
  problem: { closed?: Closing; missing?: readonly DecisionField[]; namesPerson?: true } = {},
): Promise<void> {
  const actor = actorOf(personOf(res))
  const asked = String(req.params.id)
  const found = await readCase(deps.db, asked)
  const [approval] = found && mayViewApprovals(actor) === null ? await viewsOf(deps, actor, [found]) : []
  if (!approval || approval.isHidden) {
    const { refusal } = await refuseUnknownPage(deps, visitOf(req, res), asked)
    return refuse(res, refusal)
  }

  const { closed, missing = [] } = problem
  res.status(closed ? 409 : missing.length > 0 ? 422 : 200).render('approvals/approval', {
    approval,
    byServiceDesk: actor.isServiceDesk,
    closed: closed ? CLOSINGS[closed] : '',
    typed: typedFields(req.body, DECISION_FIELDS),
    problems: problem.namesPerson
      ? { reason: WITHOUT_NAME }
      : Object.fromEntries(missing.map((field) => [field, MESSAGES[field]])),
  })
}

async function viewsOf({ db, clock }: Deps, actor: Actor, cases: readonly Case[]) {
  const now = clock.now()
  const staff = await readStaff(db, cases, now, actor.id)
  const nameOf = new Map((await readRoleGroups(db)).map(({ key, name }) => [key, name]))
  return cases.map((found) => approvalView(found, { actor, staff, nameOf, now }))
}

/** Who may decide the requests of this agent. */
async function approversOfOwn({ db, clock }: Deps, { id }: Actor) {
  const own = { requestedBy: id, userId: null }
  const { staff, makers } = await readStaff(db, [own], clock.now())
  return approversOf(own, staff, makers).fallsTo
}
