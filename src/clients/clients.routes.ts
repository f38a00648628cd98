import { Router } from 'express'
import { z } from 'zod'
import { readOnlyBecause } from '../access/read-only-because.ts'
import { refuse } from '../access/refuse.ts'
import { viewAccount } from '../access/view-account.ts'
import type { Deps } from '../deps.ts'
import { personOf } from '../gate/gate.ts'
import { cursor, listHref, searchTerm } from '../http/list-query.ts'
import { clientTree } from './client-tree.ts'
import { listChildren, listClients, listSubtree, readClients } from './clients.queries.ts'
import { withinSubtree } from './hierarchy.queries.ts'

const filters = z.object({ q: searchTerm, after: cursor })

const CHILDREN_SHOWN = 50

/** The client accounts that somebody may look into: their own and all below it; the Service Desk all there are. */
export function clientsRoutes(deps: Deps): Router {
  const { db } = deps
  const routes = Router({ caseSensitive: true, strict: true })

  routes.get('/clients', async (req, res) => {
    const view = await viewAccount(deps, personOf(res))
    if (!view.allowed) return refuse(res, view.refusal)

    const { account, actor } = view
    const chosen = filters.parse(req.query)
    const page = actor.isServiceDesk
      ? await listClients(db, chosen)
      : await listSubtree(db, account.id, chosen)
    // Accounts in the order of their names are not a tree: each says to whom it belongs.
    const isTree = !actor.isServiceDesk && chosen.q === ''
    res.render('clients/clients', {
      all: actor.isServiceDesk,
      q: chosen.q,
      path: req.path,
      tree: isTree
        ? clientTree(page.clients)
        : page.clients.map((client) => ({ ...client, children: [], under: client.parentName })),
      first: chosen.after && listHref(req.path, { ...chosen, after: '' }),
      next: page.next && listHref(req.path, { ...chosen, after: page.next }),
    })
  })

  routes.get('/clients/:id', async (req, res) => {
    const viewer = personOf(res)
    const view = await viewAccount(deps, viewer, req.params.id)
    if (!view.allowed) return refuse(res, view.refusal)

    const { account, actor, relation } = view
    const [client] = await readClients(db, [account.id])
    if (!client) throw new Error('an account that was there is gone')
    const children = await listChildren(db, account.id, CHILDREN_SHOWN + 1)
    // Nobody looks upwards: what is above one's own account is not named.
    const parents = account.parentId === null ? [] : [account.parentId]
    const seesParent = actor.isServiceDesk || (await withinSubtree(db, viewer.clientId, parents)).size > 0
    res.render('clients/client', {
      account,
      client,
      isOwn: relation === 'own',
      readOnlyBecause: readOnlyBecause(actor, relation),
      parent: seesParent && client.parentId ? { id: client.parentId, name: client.parentName } : null,
      children: children.slice(0, CHILDREN_SHOWN),
      hasMoreChildren: children.length > CHILDREN_SHOWN,
    })
  })

  return routes
}
