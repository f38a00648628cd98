import type { RequestHandler } from 'express'
import { countCasesFor } from '../access/approvals.queries.ts'
import { actorOf } from '../access/people.ts'
import type { Deps } from '../deps.ts'
import { personOf } from '../gate/gate.ts'
import { mfaAhead } from '../gate/mfa-ahead.ts'
import { navFor } from './nav-for.ts'

export function showNav({ db, clock }: Pick<Deps, 'db' | 'clock'>): RequestHandler {
  return async (req, res, next) => {
    const person = personOf(res)
    const now = clock.now()
    const cases = await countCasesFor(db, person, now)
    res.locals.mfaAhead = mfaAhead(person, now)
    res.locals.nav = navFor({ ...actorOf(person), ofParent: person.ofParent, cases }, req.path)
    next()
  }
}
