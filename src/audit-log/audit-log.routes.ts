import { type Request, type Response, Router } from 'express'
import type { Account } from '../access/accounts.queries.ts'
import { goOnViewing } from '../access/go-on-viewing.ts'
import { readSelfAndBelow } from '../access/hierarchy.queries.ts'
import { recordExport } from '../access/record-export.ts'
import { refuse } from '../access/refuse.ts'
import { viewAccount, visitOf } from '../access/visit.ts'
import type { Deps } from '../deps.ts'
import { actingSessionOf } from '../gate/acting-session.ts'
import { personOf } from '../gate/gate.ts'
import { AUDIT_ACTIONS, OUTCOMES, ofPlatform } from '../platform/audit/actions.ts'
import { listHref } from '../platform/http/list-query.ts'
import { originOf } from '../platform/http/origin.ts'
import { describeFile, fileNameOf, sendFile } from '../platform/http/send-file.ts'
import {
  type AuditFilters,
  type FilterField,
  NO_PERSON,
  type ReadFilters,
  readAuditFilters,
  recentDays,
} from './audit-filters.ts'
import { prepareSearch, readAuditLog } from './audit-log.queries.ts'
import { actionLabel, outcomeLabel } from './event-sentence.ts'
import { eventView } from './event-view.ts'
import { exportedPieces } from './export-events.ts'
import { EXPORT_FORMATS, type ExportFormat, WRITERS } from './export-format.ts'
import type { FoundEvents } from './find-events.queries.ts'
import type { LogViewer } from './foreign-names.queries.ts'
import { readShownName } from './person-search.queries.ts'

const PAGE_SIZE = 50
/** In a larger tree, the first accounts by name. */
const ACCOUNTS_AT_MOST = 500
// A download is recorded in the log of its account.
const OF_ONE_ACCOUNT = 'A file holds the events of one account. Open its log to download them.'
const NOTHING: FoundEvents = { events: [], next: null, cutShort: false }

export function auditLogRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })
  for (const log of ['/audit', '/clients/:id/audit'] as const) {
    routes.get(log, async (req, res) => {
      const asked = await ask(deps, req, res)
      if (asked) await renderLog(deps, req, res, asked)
    })
    for (const format of EXPORT_FORMATS)
      routes.get(`${log}.${format}`, async (req, res) => {
        const asked = await ask(deps, req, res)
        if (!asked) return
        const { filters } = asked.read
        if (filters?.below)
          await renderLog(deps, req, res, {
            ...asked,
            read: withProblem(asked.read, 'below', OF_ONE_ACCOUNT),
          })
        else if (filters) await sendLog(deps, req, res, { ...asked, filters, format })
        else await renderLog(deps, req, res, asked)
      })
  }
  return routes
}

interface Asked {
  account: Account
  isOwn: boolean
  viewer: LogViewer
  read: ReadFilters
  /** The account and those below it. */
  tree: { id: string; name: string }[]
  /** The name of the one person whose events are asked for. */
  personName: string | null
}

/** Null if the viewer was refused, which is answered then. */
async function ask(deps: Deps, req: Request, res: Response): Promise<Asked | null> {
  const { id } = req.params
  const view = await viewAccount(deps, visitOf(req, res), id === undefined ? undefined : String(id))
  if (!view.ok) {
    refuse(res, view.refusal)
    return null
  }
  const { account, actor, relation } = view
  const viewer = { clientId: account.id, ownId: personOf(res).clientId, seesAll: actor.isServiceDesk }
  const read = readAuditFilters(req.query, res.locals.timeZone)
  const person = read.filters?.person ?? ''
  const personName = person === '' ? null : await readShownName(deps.db, person, viewer)
  return {
    account,
    isOwn: relation === 'own',
    viewer,
    read: person !== '' && personName === null ? withProblem(read, 'person', NO_PERSON) : read,
    tree: await readSelfAndBelow(deps.db, account.id, ACCOUNTS_AT_MOST),
    personName,
  }
}

function withProblem(read: ReadFilters, field: FilterField, problem: string): ReadFilters {
  return { ...read, problems: { ...read.problems, [field]: problem }, filters: null }
}

async function renderLog({ db, clock }: Deps, req: Request, res: Response, asked: Asked): Promise<void> {
  const { account, isOwn, viewer, read, tree, personName } = asked
  const { typed, problems, filters } = read
  const accountIds = filters?.below ? tree.map(({ id }) => id) : [account.id]
  const page = filters
    ? await readAuditLog(db, await prepareSearch(db, filters, viewer, accountIds), viewer, PAGE_SIZE)
    : NOTHING
  const path = req.path.replace(/\.[a-z]+$/, '')
  res.status(filters ? 200 : 422).render('audit-log/audit-log', {
    account,
    isOwn,
    path,
    typed,
    problems,
    isSound: filters !== null,
    hasAccountsBelow: tree.length > 1,
    withAccount: accountIds.length > 1,
    accountsAtMost: tree.length === ACCOUNTS_AT_MOST ? ACCOUNTS_AT_MOST : null,
    personName,
    isFiltered: Object.values(typed).some((value) => value !== ''),
    actions: AUDIT_ACTIONS.filter((action) => account.isPlatform || !ofPlatform(action)).map((value) => ({
      value,
      label: actionLabel(value),
    })),
    outcomes: OUTCOMES.map((value) => ({ value, label: outcomeLabel(value) })),
    recent: recentDays(clock.now(), res.locals.timeZone).map(({ label, from }) => ({
      label,
      href: listHref(path, { ...typed, from, to: '' }),
      isShown: typed.from === from && typed.to === '',
    })),
    events: page.events.map(eventView),
    cutShort: page.cutShort,
    exports: filters?.below
      ? []
      : EXPORT_FORMATS.map((format) => ({
          href: listHref(`${path}.${format}`, typed),
          label: format.toUpperCase(),
        })),
    first: filters?.after && listHref(path, typed),
    next: page.next && listHref(path, { ...typed, after: page.next }),
  })
}

async function sendLog(
  deps: Deps,
  req: Request,
  res: Response,
  asked: Asked & { filters: AuditFilters; format: ExportFormat },
): Promise<void> {
  const { account, format } = asked
  const { contentType } = WRITERS[format]
  const file = { name: fileNameOf('audit', account, deps.clock.now(), format), contentType }
  if (req.method === 'HEAD') return describeFile(res, file)

  const session = actingSessionOf(req)
  const request = {
    ...asked,
    typed: asked.read.typed,
    actorId: session.userId,
    origin: originOf(req),
    mayGoOn: () => goOnViewing(deps, session, visitOf(req, res), account.id),
  }
  const eventId = await recordExport(deps, 'audit.exported', request)
  await sendFile(res, file, exportedPieces(deps, request, eventId))
}
