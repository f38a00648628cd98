import { Router } from 'express'
import { readActNotice } from '../access/act-notice.ts'
import { readTies } from '../access/makers.queries.ts'
import { refuse } from '../access/refuse.ts'
import { mayUseServiceDesk } from '../access/rules.ts'
import { viewPage, visitOf } from '../access/visit.ts'
import type { Deps } from '../deps.ts'
import { SHORTEST_TERM, searchTerm } from '../platform/http/list-query.ts'
import { readUserRows } from '../users/user-rows.queries.ts'
import { userTable } from '../users/user-table.ts'
import { findAnywhere } from './find-anywhere.queries.ts'

/** The order of people in other lists. */
const { compare: byName } = new Intl.Collator('en')

export function serviceDeskRoutes(deps: Deps): Router {
  const { db, clock } = deps
  const routes = Router({ caseSensitive: true, strict: true })

  routes.get('/service-desk', async (req, res) => {
    const view = await viewPage(deps, visitOf(req, res), mayUseServiceDesk)
    if (!view.ok) return refuse(res, view.refusal)
    const { actor, person: viewer } = view

    const q = searchTerm.parse(req.query.q)
    if (q.length < SHORTEST_TERM)
      return res.render('service-desk/service-desk', { q, done: null, found: null })
    const { accounts, userIds, more } = await findAnywhere(db, q)
    const rows = (await readUserRows(db, userIds)).toSorted((a, b) => byName(a.person.name, b.person.name))
    const now = clock.now()
    const people = rows.map(({ person }) => person)
    const ties = await readTies(db, viewer.id, people, now)
    const done = await readActNotice(db, req)
    const table = userTable(rows, {
      caption: 'People found',
      sorting: null,
      listOf: ({ person: { clientId } }) => ({
        actor,
        standing: { relation: clientId === viewer.clientId ? 'own' : 'elsewhere', ties },
        now,
        address: req.originalUrl,
        marked: done?.userId ?? null,
        withAccount: true,
      }),
    })
    res.render('service-desk/service-desk', { q, done, found: { accounts, table, more } })
  })

  return routes
}
