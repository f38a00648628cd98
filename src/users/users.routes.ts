import { type Request, type Response, Router } from 'express'
import { actNoticeOn, readActNotice, usersPageOf } from '../access/act-notice.ts'
import { readCaseAbout } from '../access/approvals.queries.ts'
import { choicesOf } from '../access/choose-role-groups.ts'
import { goOnViewing } from '../access/go-on-viewing.ts'
import { backParameter, listAddress, pageOfUser, rowIn } from '../access/list-address.ts'
import { readTies } from '../access/makers.queries.ts'
import { actorOf } from '../access/people.ts'
import { recordExport } from '../access/record-export.ts'
import { refuse } from '../access/refuse.ts'
import { readRoleGroups } from '../access/role-groups.queries.ts'
import { mayChangeWithin, mayInvite, mayViewAccount } from '../access/rules.ts'
import { readOnlyBecause, viewAccount, viewTarget, visitOf } from '../access/visit.ts'
import { readUsesOfPerson } from '../applications/uses.queries.ts'
import { eventView } from '../audit-log/event-view.ts'
import type { Deps } from '../deps.ts'
import { readOpenEmailChange } from '../email-change/email-changes.queries.ts'
import { actingSessionOf } from '../gate/acting-session.ts'
import type { Person } from '../gate/facts.ts'
import { personOf } from '../gate/gate.ts'
import { readSessionsToShow } from '../gate/open-sessions.queries.ts'
import { poll } from '../gate/poll.ts'
import { storedId } from '../gate/session-store.ts'
import { readInvitation } from '../invitations/invitations.queries.ts'
import { IDENTIFICATIONS } from '../mfa-reset/identifications.ts'
import { listHref } from '../platform/http/list-query.ts'
import { originOf } from '../platform/http/origin.ts'
import { describeFile, fileNameOf, sendFile } from '../platform/http/send-file.ts'
import { bulkChoices } from './bulk-choices.ts'
import { exportedUsers } from './export-users.ts'
import { EMPTY_PAGE, findUsers } from './find-users.queries.ts'
import { readUserCounts } from './headcounts.queries.ts'
import { rowView } from './row-view.ts'
import { selectionOf } from './selection.ts'
import { matchingText, shownText } from './shown-text.ts'
import { isFiltered, readUserFilters } from './user-filters.ts'
import { readUserHistory } from './user-history.queries.ts'
import { readUserRows } from './user-rows.queries.ts'
import { userTable } from './user-table.ts'
import { userActions, userView } from './user-view.ts'

export function usersRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })

  for (const list of ['/users', '/clients/:id/users'] as const) {
    routes.get(list, (req, res) => renderList(deps, req, res))
    routes.get(`${list}.csv`, (req, res) => sendUsers(deps, req, res))
  }

  routes.get('/users/:id', (req, res) => renderUser(deps, req, res, req.params.id))

  // Polled by the pages while a reset is under way; see pollMs.
  routes.get('/users/:id/facts', poll(deps.clock), (req, res) => renderUser(deps, req, res, req.params.id))
  routes.get('/users/:id/row', poll(deps.clock), async (req, res) => {
    const read = await readUser(deps, req, res, String(req.params.id))
    if (!read) return
    const { row, actor, standing } = read
    const user = rowView(row, {
      actor,
      standing,
      now: deps.clock.now(),
      address: listAddress(req.query.back, deps.config.PUBLIC_URL),
      marked: req.query.marked === 'yes' ? row.person.id : null,
      withAccount: req.query.account === 'shown',
    })
    res.render('users/row', { user })
  })

  return routes
}

async function renderUser(deps: Deps, req: Request, res: Response, userId: unknown): Promise<void> {
  const read = await readUser(deps, req, res, String(userId))
  if (!read) return
  const { row, actor, target, standing } = read
  const now = deps.clock.now()
  const user = userView(row, actor, standing, now)
  const { lockouts, signIns, ...history } = await readUserHistory(deps.db, user.id)
  res.render('users/user', {
    user,
    done: actNoticeOn(req, user),
    actions: userActions(actor, target),
    invitation: user.status === 'invited' ? await readInvitation(deps.db, user.id, now) : null,
    newEmail: await readOpenEmailChange(deps.db, user.id, now),
    approval: actorOf(personOf(res)).isServiceDesk ? await readCaseAbout(deps.db, user.id, now) : null,
    ...waysBack(deps, req, user.id, usersPageOf(personOf(res), user.client.id)),
    identifications: IDENTIFICATIONS,
    sessions: await readSessionsToShow(deps.db, row.person, storedId(req.sessionID), now),
    events: eventsPageOf(personOf(res), user),
    applications: await readUsesOfPerson(deps.db, user.id),
    history: { ...history, lockouts: lockouts.map(eventView), signIns: signIns.map(eventView) },
  })
}

/** Acts begun on the page of a user lead back to it, and the page to the row in the list that it was opened from. */
function waysBack({ config }: Deps, req: Request, userId: string, usersPage: string) {
  const list = listAddress(req.query.back, config.PUBLIC_URL)
  return {
    users: list === null ? usersPage : rowIn(list, userId),
    usersName: nameOfList(list),
    facts: `/users/${userId}/facts${list === null ? '' : backParameter(list)}`,
    back: backParameter(pageOfUser(userId, list)),
  }
}

function nameOfList(list: string | null): string {
  if (list?.startsWith('/service-desk')) return 'Service Desk'
  return list?.startsWith('/clients?') ? 'Accounts' : 'Users'
}

/** What a person did and what concerns them, in their account and those below. */
function eventsPageOf({ clientId }: Person, { id, client }: { id: string; client: { id: string } }): string {
  const log = clientId === client.id ? '/audit' : `/clients/${client.id}/audit`
  return listHref(log, { below: 'yes', person: id })
}

/** An unsound filter is answered by the page, which names it. */
async function sendUsers(deps: Deps, req: Request, res: Response): Promise<void> {
  const view = await viewAccount(deps, visitOf(req, res), clientIdOf(req))
  if (!view.ok) return refuse(res, view.refusal)
  const { account } = view
  const { typed, filters } = readUserFilters(req.query)
  if (!filters) return renderList(deps, req, res)
  const file = {
    name: fileNameOf('users', account, deps.clock.now(), 'csv'),
    contentType: 'text/csv; charset=utf-8',
  }
  if (req.method === 'HEAD') return describeFile(res, file)

  const session = actingSessionOf(req)
  const request = {
    account,
    actorId: session.userId,
    typed,
    filters,
    origin: originOf(req),
    mayGoOn: () => goOnViewing(deps, session, visitOf(req, res), account.id),
  }
  await recordExport(deps, 'users.exported', { ...request, format: 'csv' })
  await sendFile(res, file, exportedUsers(deps, request))
}

function clientIdOf(req: Request): string | undefined {
  return req.params.id === undefined ? undefined : String(req.params.id)
}

async function renderList(deps: Deps, req: Request, res: Response): Promise<void> {
  const viewer = personOf(res)
  const view = await viewAccount(deps, visitOf(req, res), clientIdOf(req))
  if (!view.ok) return refuse(res, view.refusal)

  const { account, actor, relation, target } = view
  const path = req.path.replace(/\.csv$/, '')
  const { typed, problems, filters } = readUserFilters(req.query)
  const now = deps.clock.now()
  const within = { ...account, now }
  const counts = filters && (await readUserCounts(deps.db, within, filters))
  const page =
    filters && counts ? await findUsers(deps.db, within, filters, { matching: counts.matching }) : EMPTY_PAGE
  const rows = await readUserRows(deps.db, page.ids)
  const people = rows.map(({ person }) => person)
  const standing = { relation, ties: await readTies(deps.db, viewer.id, people, now) }
  const done = await readActNotice(deps.db, req, account.id)
  const roleGroups = await readRoleGroups(deps.db)
  const selection =
    filters && counts && mayChangeWithin(actor, relation) === null
      ? selectionOf(bulkChoices(actor, account.isPlatform, roleGroups), req.originalUrl, {
          onPage: rows.length,
          matching: matchingText(page, filters, counts),
        })
      : null
  const list = { actor, standing, now, address: req.originalUrl, marked: done?.userId ?? null }
  res.status(filters ? 200 : 422).render('users/users', {
    account,
    isOwn: relation === 'own',
    readOnlyBecause: readOnlyBecause(actor, relation),
    done,
    base: usersPageOf(viewer, account.id),
    mayInvite: mayInvite(actor, target) === null,
    typed,
    problems,
    isSound: filters !== null,
    isFiltered: isFiltered(typed),
    shown: filters && counts && shownText(page, filters, counts),
    roleGroups: choicesOf(roleGroups, account.isPlatform),
    table: userTable(rows, {
      caption: `Users of ${account.name}`,
      sorting: filters && { ...filters, path, typed },
      selection,
      listOf: () => ({ ...list, withAccount: false }),
    }),
    cutShort: page.cutShort,
    path,
    file: listHref(`${path}.csv`, typed),
    first: page.previous && listHref(path, typed),
    previous: page.previous && listHref(path, { ...typed, before: page.previous }),
    next: page.next && listHref(path, { ...typed, after: page.next }),
  })
}

/** The user as the viewer may see and change them; null if a refusal was answered. */
async function readUser(deps: Deps, req: Request, res: Response, userId: string) {
  const verdict = await viewTarget(deps, visitOf(req, res), userId, (actor, { relation }) =>
    mayViewAccount(actor, relation),
  )
  if (!verdict.ok) {
    refuse(res, verdict.refusal)
    return null
  }
  const { actor, target, targetPerson } = verdict
  const [row] = await readUserRows(deps.db, [targetPerson.id])
  if (!row) throw new Error('a user disappeared between two reads')
  const standing = { relation: target.relation, ties: verdict.ties }
  return { row, actor, target, standing }
}
