import { Router } from 'express'
import { readActNotice } from '../access/act-notice.ts'
import { readTies } from '../access/makers.queries.ts'
import { refuse } from '../access/refuse.ts'
import { readRoleGroups } from '../access/role-groups.queries.ts'
import { mayUseServiceDesk } from '../access/rules.ts'
import { viewPage, visitOf } from '../access/visit.ts'
import { eventView } from '../audit-log/event-view.ts'
import { readEventsOfTicket } from '../audit-log/ticket-events.queries.ts'
import type { Deps } from '../deps.ts'
import { SHORTEST_TERM, searchTerm } from '../platform/http/list-query.ts'
import { bulkChoices } from '../users/bulk-choices.ts'
import { selectionOf } from '../users/selection.ts'
import { readUserRowsByName } from '../users/user-rows.queries.ts'
import { userTable } from '../users/user-table.ts'
import { readCases } from './cases.queries.ts'
import { findAnywhere } from './find-anywhere.queries.ts'

/** The page without a search. */
const NOTHING = { q: '', ticket: '', done: null, cases: null, found: null, acts: null }

/** What waits for the Service Desk, and the search for a caller or a ticket. */
export function serviceDeskRoutes(deps: Deps): Router {
  const { db, clock } = deps
  const routes = Router({ caseSensitive: true, strict: true })

  routes.get('/service-desk', async (req, res) => {
    const view = await viewPage(deps, visitOf(req, res), mayUseServiceDesk)
    if (!view.ok) return refuse(res, view.refusal)
    const { actor, person: viewer } = view

    const ticket = searchTerm.parse(req.query.ticket)
    if (ticket !== '') {
      const { events, more } = await readEventsOfTicket(db, ticket)
      const acts = { events: events.map(eventView), more }
      return res.render('service-desk/service-desk', { ...NOTHING, ticket, acts })
    }
    const q = searchTerm.parse(req.query.q)
    if (q.length < SHORTEST_TERM) {
      const cases = await readCases(db, clock.now())
      return res.render('service-desk/service-desk', { ...NOTHING, q, cases })
    }
    const { accounts, userIds, more } = await findAnywhere(db, q)
    const rows = await readUserRowsByName(db, userIds)
    const now = clock.now()
    const people = rows.map(({ person }) => person)
    const ties = await readTies(db, viewer.id, people, now)
    const done = await readActNotice(db, req)
    const table = userTable(rows, {
      caption: 'People found',
      sorting: null,
      selection: selectionOf(bulkChoices(actor, false, await readRoleGroups(db)), req.originalUrl),
      listOf: ({ person: { clientId } }) => ({
        actor,
        standing: { relation: clientId === viewer.clientId ? 'own' : 'elsewhere', ties },
        now,
        address: req.originalUrl,
        marked: done?.userId ?? null,
        withAccount: true,
      }),
    })
    res.render('service-desk/service-desk', { ...NOTHING, q, done, found: { accounts, table, more } })
  })

  return routes
}
