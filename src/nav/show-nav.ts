import type { RequestHandler } from 'express'
import { actorOf } from '../access/people.ts'
import { hasChildAccounts } from '../clients/hierarchy.queries.ts'
import type { Deps } from '../deps.ts'
import { personOf } from '../gate/gate.ts'
import { navFor } from './nav-for.ts'

/** Gives every page of the dashboard its `nav`. */
export function showNav({ db }: Deps): RequestHandler {
  return async (req, res, next) => {
    const person = personOf(res)
    const actor = actorOf(person)
    const isParent = actor.isAdmin && (await hasChildAccounts(db, person.clientId))
    res.locals.nav = navFor({ ...actor, hasChildAccounts: isParent }, req.path)
    next()
  }
}
