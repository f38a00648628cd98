import { Router } from 'express'
import { readTies } from '../access/makers.queries.ts'
import { actorOf } from '../access/people.ts'
import { refuse } from '../access/refuse.ts'
import { mayUseServiceDesk } from '../access/rules.ts'
import { viewPage } from '../access/view-page.ts'
import { visitOf } from '../access/visit.ts'
import type { Deps } from '../deps.ts'
import { personOf } from '../gate/gate.ts'
import { SHORTEST_TERM, searchTerm } from '../platform/http/list-query.ts'
import { readUserRows } from '../users/user-rows.queries.ts'
import { userView } from '../users/user-view.ts'
import { findAnywhere } from './find-anywhere.queries.ts'

/** The Service Desk's search for callers, over all accounts. */
export function serviceDeskRoutes(deps: Deps): Router {
  const { db, clock } = deps
  const routes = Router({ caseSensitive: true, strict: true })

  routes.get('/service-desk', async (req, res) => {
    const viewer = personOf(res)
    const actor = actorOf(viewer)
    const refusal = await viewPage(deps, visitOf(req, res), mayUseServiceDesk)
    if (refusal) return refuse(res, refusal)

    const q = searchTerm.parse(req.query.q)
    if (q.length < SHORTEST_TERM) return res.render('service-desk/service-desk', { q, found: null })
    const { accounts, userIds, more } = await findAnywhere(db, q)
    const rows = await readUserRows(db, userIds)
    const now = clock.now()
    const people = rows.map(({ person }) => person)
    const ties = await readTies(db, viewer.id, people, now)
    const users = rows.map((row) => {
      const relation = row.person.clientId === viewer.clientId ? 'own' : 'elsewhere'
      return userView(row, actor, { relation, ties }, now)
    })
    res.render('service-desk/service-desk', { q, found: { accounts, users, more } })
  })

  return routes
}
