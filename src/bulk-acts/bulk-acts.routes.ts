import { type Request, type Response, Router } from 'express'
import { actRequestOf } from '../access/act-request.ts'
import { EVIDENCE_FIELDS, type EvidenceField, evidenceProblems } from '../access/evidence.ts'
import { backParameter, listAddress, pageOfUser, readList } from '../access/list-address.ts'
import { actorOf } from '../access/people.ts'
import { answer, refuse } from '../access/refuse.ts'
import { requireStepUp } from '../access/require-step-up.ts'
import { readRoleGroups } from '../access/role-groups.queries.ts'
import { mayChangeWithin } from '../access/rules.ts'
import { viewAccount, visitOf } from '../access/visit.ts'
import type { Deps } from '../deps.ts'
import { personOf } from '../gate/gate.ts'
import { poll } from '../gate/poll.ts'
import { readForm, readLargeForm } from '../platform/http/form.ts'
import { linesPage, readLinesQuery } from '../platform/http/lines-page.ts'
import { originOf } from '../platform/http/origin.ts'
import { typedFields } from '../platform/http/typed-text.ts'
import { type BulkChoice, bulkChoices } from '../users/bulk-choices.ts'
import { peopleInWords } from '../users/headcount.ts'
import { readUserFilters } from '../users/user-filters.ts'
import { countPeople, readPeople } from './bulk-acts.queries.ts'
import { carryOutBulkAct } from './carry-out-bulk-act.ts'
import { confirmBulkAct } from './confirm-bulk-act.ts'
import { draftBulkAct } from './draft-bulk-act.ts'
import type { Selection } from './selected-people.queries.ts'
import { viewBulkAct } from './view-bulk-act.ts'
import { problemSentence, SELECTION_PROBLEMS, wordsOf } from './words.ts'

export function bulkActsRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })
  const stepUp = requireStepUp(deps, { act: 'act on several people at once' })

  routes.post('/users/bulk', readLargeForm, (req, res) => draft(deps, req, res))

  routes.get('/users/bulk/:id', (req, res) => renderBulkAct(deps, req, res))
  routes.get('/users/bulk/:id/progress', poll(deps.clock), (req, res) => renderBulkAct(deps, req, res))

  routes.post('/users/bulk/:id', readForm, stepUp, async (req, res) => {
    const bulkActId = String(req.params.id)
    await answer(res, await confirmBulkAct(deps, { ...actRequestOf(req), bulkActId }), {
      done: async ({ few }) => {
        if (few) await carryOutBulkAct(deps, bulkActId, Number.POSITIVE_INFINITY)
        res.redirect(303, `/users/bulk/${bulkActId}`)
      },
      again: ({ missing }) => renderBulkAct(deps, req, res, missing),
    })
  })

  return routes
}

async function draft(deps: Deps, req: Request, res: Response): Promise<void> {
  const list = listAddress(req.query.back, deps.config.PUBLIC_URL) ?? '/users'
  const { clientId: listed, query, isSearch } = readList(list)
  const clientId = listed ?? personOf(res).clientId
  const choices = await readChoices(deps, req, res, clientId)
  if (!choices) return
  const selection = selectionOf(req.body, isSearch ? null : query)
  const act = choices.find(({ value }) => value === req.body.action)
  const again = (problem: keyof typeof SELECTION_PROBLEMS) =>
    res.status(422).render('bulk-acts/choose', {
      problem: SELECTION_PROBLEMS[problem],
      isAboutPeople: problem !== 'no-act',
      list,
      action: `/users/bulk${backParameter(list)}`,
      choices,
      chosen: act?.value ?? '',
      whom: selection.whom,
      userIds: selection.whom === 'selected' ? selection.userIds : [],
    })
  if (!act) return again('no-act')

  const { kind, roleGroup } = act
  const request = {
    ...actRequestOf(req),
    origin: originOf(req),
    clientId,
    act: { kind, roleGroup },
    selection,
    list,
  }
  await answer(res, await draftBulkAct(deps, request), {
    done: ({ bulkActId }) => res.redirect(303, `/users/bulk/${bulkActId}`),
    again: ({ problem }) => again(problem),
  })
}

/** What the actor may be offered in this account; null if a refusal was answered. */
async function readChoices(
  deps: Deps,
  req: Request,
  res: Response,
  clientId: string,
): Promise<BulkChoice[] | null> {
  const view = await viewAccount(deps, visitOf(req, res), clientId, (actor, { relation }) =>
    mayChangeWithin(actor, relation),
  )
  if (!view.ok) {
    refuse(res, view.refusal)
    return null
  }
  return bulkChoices(actorOf(personOf(res)), view.account.isPlatform, await readRoleGroups(deps.db))
}

/** `query`: of the list. Null for a search through all accounts, which is not a list of one. */
function selectionOf(form: Record<string, unknown>, query: Record<string, string> | null): Selection {
  const { whom } = form
  if (whom === 'page' || whom === 'matching')
    return { whom, filters: query && readUserFilters(query).filters }
  const userIds = [form.userId ?? []].flat().filter((id): id is string => typeof id === 'string')
  return { whom: 'selected', userIds }
}

async function renderBulkAct(
  deps: Deps,
  req: Request,
  res: Response,
  missing: readonly EvidenceField[] = [],
): Promise<void> {
  const view = await viewBulkAct(deps, visitOf(req, res), String(req.params.id))
  if (!view.ok) return refuse(res, view.refusal)
  const { found, account, actor, relation } = view
  const query = readLinesQuery(req.query)
  const lines = await readPeople(deps.db, found.id, query)
  const path = `/users/bulk/${found.id}`
  const { shown, ...pages } = linesPage(path, query, lines)
  const counts = await countPeople(deps.db, found.id)
  const words = wordsOf(found)
  res.status(missing.length === 0 ? 200 : 422).render('bulk-acts/bulk-act', {
    found,
    path,
    account,
    isOwn: relation === 'own',
    counts,
    words: { ...words, button: words.button(peopleInWords(counts.open)) },
    byServiceDesk: actor.isServiceDesk && found.kind !== 'remind',
    adminsSayWhy: found.kind === 'disable',
    ...pages,
    lines: shown.map((line) => ({
      ...line,
      href: pageOfUser(line.userId, found.list),
      problem: line.outcome === null || line.outcome === 'done' ? '' : problemSentence(line.outcome),
    })),
    typed: typedFields(req.body, EVIDENCE_FIELDS),
    problems: evidenceProblems(missing),
  })
}
