import { type Request, type Response, Router } from 'express'
import { z } from 'zod'
import { withinSubtree } from '../access/hierarchy.queries.ts'
import { NO_TIES } from '../access/makers.ts'
import { refuse } from '../access/refuse.ts'
import {
  type Actor,
  mayCreateClient,
  mayRenameClient,
  mayResumeClient,
  maySetClientDetails,
  maySuspendClient,
} from '../access/rules.ts'
import { readOnlyBecause, viewAccount, visitOf } from '../access/visit.ts'
import { readUsesOfAccount } from '../applications/uses.queries.ts'
import type { Deps } from '../deps.ts'
import { readBranding } from '../gate/branding.queries.ts'
import { personOf } from '../gate/gate.ts'
import { readRequirements } from '../gate/requirements.queries.ts'
import { readTimeZone } from '../gate/time-zone.queries.ts'
import { readCoverages } from '../mfa-policy/coverage.queries.ts'
import { coverageSentence } from '../mfa-policy/coverage.ts'
import { requirementText } from '../mfa-policy/requirement-text.ts'
import { readRequestsOfAccount } from '../mfa-reset/reset-requests.queries.ts'
import { cursor, listHref, SHORTEST_TERM, searchTerm } from '../platform/http/list-query.ts'
import { readUserRowsByName } from '../users/user-rows.queries.ts'
import { userTable } from '../users/user-table.ts'
import { clientNoticeOn } from './client-notice.ts'
import { type ClientRow, clientTree } from './client-tree.ts'
import { listChildren, listClients, listSubtree, readClients } from './clients.queries.ts'
import { findBelow } from './find-below.queries.ts'

const filters = z.object({ q: searchTerm, after: cursor })

const CHILDREN_SHOWN = 50

/** The accounts a viewer may see: their own and all below it, or every account for the Service Desk. */
export function clientsRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })
  routes.get('/clients', (req, res) => renderList(deps, req, res))
  routes.get('/clients/:id', (req, res) => renderClient(deps, req, res))
  return routes
}

async function renderList(deps: Deps, req: Request, res: Response): Promise<void> {
  const view = await viewAccount(deps, visitOf(req, res))
  if (!view.ok) return refuse(res, view.refusal)

  const { account, actor } = view
  const chosen = filters.parse(req.query)
  const page = actor.isServiceDesk
    ? await listClients(deps.db, chosen)
    : await listSubtree(deps.db, account.id, chosen)
  // A list ordered by name is not a tree: each account names its parent.
  const isTree = !actor.isServiceDesk && chosen.q === ''
  const findsPeople = !actor.isServiceDesk && personOf(res).ofParent
  res.render('clients/clients', {
    all: actor.isServiceDesk,
    findsPeople,
    found:
      findsPeople && chosen.q.length >= SHORTEST_TERM ? await findPeople(deps, req, view, chosen.q) : null,
    mayCreate: mayCreateClient(actor) === null,
    q: chosen.q,
    path: req.path,
    tree: isTree
      ? clientTree(page.clients)
      : page.clients.map((client) => ({ ...client, children: [], under: client.parentName })),
    ...(await mfaLines(deps, res, page.clients)),
    first: chosen.after && listHref(req.path, { ...chosen, after: '' }),
    next: page.next && listHref(req.path, { ...chosen, after: page.next }),
  })
}

/** People of the accounts below: their Admins and the Service Desk change them, so the table has no acts. */
async function findPeople(
  { db, clock }: Deps,
  { originalUrl: address }: Request,
  { actor, account }: { actor: Actor; account: { id: string } },
  term: string,
) {
  const { userIds, more } = await findBelow(db, account.id, term)
  const rows = await readUserRowsByName(db, userIds)
  const around = { actor, now: clock.now(), address, marked: null, withAccount: true }
  const standing = { relation: 'child', ties: NO_TIES } as const
  const caption = 'People found in the accounts below'
  return {
    more,
    table: userTable(rows, {
      caption,
      sorting: null,
      selection: null,
      listOf: () => ({ ...around, standing }),
    }),
  }
}

async function renderClient(deps: Deps, req: Request, res: Response): Promise<void> {
  const { db } = deps
  const viewer = personOf(res)
  const view = await viewAccount(deps, visitOf(req, res), String(req.params.id))
  if (!view.ok) return refuse(res, view.refusal)

  const { account, actor, relation, target } = view
  const [client] = await readClients(db, [account.id])
  if (!client) throw new Error('an account disappeared between two reads')
  const children = await listChildren(db, account.id, CHILDREN_SHOWN + 1)
  const shown = children.slice(0, CHILDREN_SHOWN)
  // The parent of the viewer's own account stays unnamed.
  const parents = account.parentId === null ? [] : [account.parentId]
  const seesParent = actor.isServiceDesk || (await withinSubtree(db, viewer.clientId, parents)).size > 0
  const mfa = await mfaLines(deps, res, [client, ...shown])
  res.render('clients/client', {
    account,
    client,
    done: clientNoticeOn(req, account),
    isOwn: relation === 'own',
    readOnlyBecause: readOnlyBecause(actor, relation),
    parent: seesParent && client.parentId ? { id: client.parentId, name: client.parentName } : null,
    ...mfa,
    maySetDetails: maySetClientDetails(actor, target) === null,
    ...(await readBranding(db, account.id)),
    timeZone: await readTimeZone(db, account.id),
    mayRename: mayRenameClient(actor, target) === null,
    maySuspend: maySuspendClient(actor, target) === null,
    mayResume: mayResumeClient(actor, target) === null,
    mayCreateBelow: mayCreateClient(actor) === null && !account.isPlatform,
    applications: await readUsesOfAccount(db, account.id),
    resetRequests: await readRequestsOfAccount(db, account.id, deps.clock.now()),
    children: shown,
    hasMoreChildren: children.length > CHILDREN_SHOWN,
  })
}

/** Of whom each account requires MFA, and a sentence about its coverage, by id. */
async function mfaLines({ db, clock }: Deps, res: Response, rows: readonly ClientRow[]) {
  const now = clock.now()
  const ids = rows.map(({ id }) => id)
  const coverages = await readCoverages(db, ids, now)
  const requirements = await readRequirements(db, ids)
  const ofAccount = (id: string) => requirements.filter(({ clientId }) => clientId === id)
  return {
    coverage: Object.fromEntries([...coverages].map(([id, coverage]) => [id, coverageSentence(coverage)])),
    requires: Object.fromEntries(
      ids.map((id) => [id, requirementText(ofAccount(id), now, res.locals.timeZone)]),
    ),
  }
}
