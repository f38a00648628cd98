import { Router } from 'express'
import { readTies } from '../access/makers.queries.ts'
import { refuse } from '../access/refuse.ts'
import { mayUseServiceDesk } from '../access/rules.ts'
import { viewPage, visitOf } from '../access/visit.ts'
import type { Deps } from '../deps.ts'
import { SHORTEST_TERM, searchTerm } from '../platform/http/list-query.ts'
import { readUserRows } from '../users/user-rows.queries.ts'
import { userView } from '../users/user-view.ts'
import { findAnywhere } from './find-anywhere.queries.ts'

export function serviceDeskRoutes(deps: Deps): Router {
  const { db, clock } = deps
  const routes = Router({ caseSensitive: true, strict: true })

  routes.get('/service-desk', async (req, res) => {
    const view = await viewPage(deps, visitOf(req, res), mayUseServiceDesk)
    if (!view.ok) return refuse(res, view.refusal)
    const { actor, person: viewer } = view

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
