import { type Request, type RequestHandler, type Response, Router } from 'express'
import { usersPageOf } from '../access/act-notice.ts'
import { actRequestOf } from '../access/act-request.ts'
import { type EvidenceField, evidenceProblems } from '../access/evidence.ts'
import { actorOf } from '../access/people.ts'
import { answer, refuse } from '../access/refuse.ts'
import { renderStepUp, requireStepUp } from '../access/require-step-up.ts'
import { readRoleGroupChoices } from '../access/role-groups.queries.ts'
import { mayChangeWithin, mayInvite } from '../access/rules.ts'
import { hasSteppedUp } from '../access/step-up.ts'
import { viewAccount, visitOf } from '../access/visit.ts'
import type { Deps } from '../deps.ts'
import { personOf, proofsOf } from '../gate/gate.ts'
import { poll } from '../gate/poll.ts'
import { BYTE_ORDER_MARK, csvRows } from '../platform/http/csv.ts'
import { readForm } from '../platform/http/form.ts'
import { linesPage, readLinesQuery } from '../platform/http/lines-page.ts'
import { originOf } from '../platform/http/origin.ts'
import { typedFields } from '../platform/http/typed-text.ts'
import { NOTHING_UPLOADED, readUpload, type Upload } from '../platform/http/upload.ts'
import { confirmImport } from './confirm-import.ts'
import { draftImport } from './draft-import.ts'
import { countLines, readLines } from './imports.queries.ts'
import { limitsOfImports } from './invitation-allowance.ts'
import { LINE_PROBLEMS, type LineProblem } from './judge-lines.ts'
import { MAX_LINES } from './read-invitation-file.ts'
import { recordLook } from './record-look.ts'
import { viewImport } from './view-import.ts'

const TOO_LARGE = `That is more than 2 MB. ${MAX_LINES} people take far less: send the file as CSV, or in parts.`

const PREVIEW = { act: 'check the people in a file', back: '/users/import' }

export function importRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })
  const stepUpToConfirm = requireStepUp(deps, { act: 'invite the people in a file' })
  const stepUpToPreview = requireStepUp(deps, PREVIEW)

  routes.get('/users/import', (req, res) => renderUpload(deps, req, res))
  routes.get('/clients/:id/users/import', (req, res) => renderUpload(deps, req, res, req.params.id))
  routes.post('/users/import', readUploadOfInviter, (req, res) => draft(deps, req, res))

  routes.get('/users/import/:id', (req, res) => renderImport(deps, req, res))
  routes.get('/users/import/:id/progress', poll(deps.clock), (req, res) => renderImport(deps, req, res))
  routes.get('/users/import/:id/refused.csv', (req, res) => sendRefusedLines(deps, req, res))

  routes.post('/users/import/:id/look', readForm, stepUpToPreview, async (req, res) => {
    const importId = String(req.params.id)
    const opened = await viewImport(deps, visitOf(req, res), importId)
    if (opened.ok) await recordLook(deps, opened.found, personOf(res).id, originOf(req))
    res.redirect(303, `/users/import/${encodeURIComponent(importId)}`)
  })

  routes.post('/users/import/:id', readForm, stepUpToConfirm, async (req, res) => {
    const importId = String(req.params.id)
    await answer(res, await confirmImport(deps, { ...actRequestOf(req), importId }), {
      done: () => res.redirect(303, `/users/import/${importId}`),
      again: ({ missing }) => renderImport(deps, req, res, missing),
    })
  })

  return routes
}

async function draft(deps: Deps, req: Request, res: Response): Promise<void> {
  const { fields, bytes: file, tooLarge }: Upload = req.body
  const clientId = fields.clientId || personOf(res).clientId
  const lines = fields.lines ?? ''
  if (tooLarge) return renderUpload(deps, req, res, clientId, { lines, fileProblem: TOO_LARGE }, 413)

  const bytes = file.length > 0 ? file : new TextEncoder().encode(lines)
  const where = file.length > 0 || lines === '' ? 'fileProblem' : 'linesProblem'
  await answer(res, await draftImport(deps, { ...actRequestOf(req), clientId, bytes }), {
    done: async ({ importId }) => {
      const drafted = { id: importId, clientId, lookedAt: null }
      if (hasSteppedUp(proofsOf(req), deps.clock.now()))
        await recordLook(deps, drafted, personOf(res).id, originOf(req))
      res.redirect(303, `/users/import/${importId}`)
    },
    again: ({ problem }) => renderUpload(deps, req, res, clientId, { lines, [where]: problem }, 422),
  })
}

async function sendRefusedLines(deps: Deps, req: Request, res: Response): Promise<void> {
  const opened = await openImport(deps, req, res)
  if (!opened) return
  const lines = await readLines(deps.db, opened.found.id, { after: 0, refusedOnly: true, limit: MAX_LINES })
  const rows = lines.map((line) => [line.line, line.email, line.name, line.roleGroups, sentenceFor(line)])
  res.attachment('refused.csv').type('text/csv; charset=utf-8')
  res.send(BYTE_ORDER_MARK + csvRows([['line', 'email', 'name', 'roleGroups', 'why'], ...rows]))
}

/** The upload of a user who may not invite is not read. `draftImport` refuses and records it. */
const readUploadOfInviter: RequestHandler = (req, res, next) => {
  if (mayChangeWithin(actorOf(personOf(res)), 'own') === null) return readUpload(req, res, next)
  req.body = NOTHING_UPLOADED
  next()
}

async function renderUpload(
  deps: Deps,
  req: Request,
  res: Response,
  clientId?: string,
  typed: { lines?: string; fileProblem?: string; linesProblem?: string } = {},
  status = 200,
): Promise<void> {
  const view = await viewAccount(deps, visitOf(req, res), clientId, mayInvite)
  if (!view.ok) return refuse(res, view.refusal)
  const { account, relation } = view
  res.status(status).render('invitations/upload', {
    account,
    isOwn: relation === 'own',
    base: usersPageOf(personOf(res), account.id),
    roleGroups: await readRoleGroupChoices(deps.db, account),
    maxLines: MAX_LINES,
    lines: '',
    fileProblem: '',
    linesProblem: '',
    ...typed,
  })
}

/**
 * The import; null if the request is already answered. The preview reveals which of thousands of addresses are taken, so
 * it needs a step-up, which an upload cannot carry along. A GET records nothing: the form of the step-up does.
 */
async function openImport(deps: Deps, req: Request, res: Response) {
  const opened = await viewImport(deps, visitOf(req, res), String(req.params.id))
  if (!opened.ok) {
    refuse(res, opened.refusal)
    return null
  }
  const { found } = opened
  const isOpen = found.lookedAt !== null && hasSteppedUp(proofsOf(req), deps.clock.now())
  if (found.status === 'draft' && !isOpen) {
    renderStepUp(res, { ...PREVIEW, action: `/users/import/${found.id}/look`, form: {} })
    return null
  }
  return opened
}

async function renderImport(
  deps: Deps,
  req: Request,
  res: Response,
  missing: readonly EvidenceField[] = [],
): Promise<void> {
  const opened = await openImport(deps, req, res)
  if (!opened) return
  const { found, account, actor, relation } = opened
  const query = readLinesQuery(req.query)
  const lines = await readLines(deps.db, found.id, query)
  const path = `/users/import/${found.id}`
  const { shown, ...pages } = linesPage(path, query, lines)
  const counts = await countLines(deps.db, found.id)
  const limits = limitsOfImports(deps.config)
  res.status(missing.length === 0 ? 200 : 422).render('invitations/import', {
    found,
    path,
    account,
    isOwn: relation === 'own',
    base: usersPageOf(personOf(res), account.id),
    byServiceDesk: actor.isServiceDesk,
    counts,
    limits,
    limitsSentence: limitsSentence(counts.open, limits),
    paused: found.pausedUntil !== null && found.pausedUntil > deps.clock.now(),
    ...pages,
    lines: shown.map((line) => ({ ...line, problem: sentenceFor(line) })),
    typed: typedFields(req.body, ['reason', 'ticket']),
    problems: evidenceProblems(missing),
  })
}

function limitsSentence(
  open: number,
  { INVITATIONS_PER_HOUR: perHour, INVITATIONS_OPEN_MAX: openMax }: ReturnType<typeof limitsOfImports>,
): string {
  if (open <= perHour && open <= openMax) return ''
  const hours = Math.ceil(open / perHour) - 1
  const duration = open > perHour ? `, which takes ${hours} ${hours === 1 ? 'hour' : 'hours'} or more` : ''
  return `At most ${perHour} people of a file are invited within an hour, and at most ${openMax} invitations of an account stay open at a time. This file goes on by itself until it is done${duration}.`
}

function sentenceFor({ outcome, detail }: { outcome: string | null; detail: string }): string {
  if (outcome === null || outcome === 'invited') return ''
  return LINE_PROBLEMS[outcome as LineProblem](detail)
}
