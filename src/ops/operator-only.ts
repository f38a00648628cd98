import type { RequestHandler } from 'express'
import { refuse } from '../access/refuse.ts'
import { mayOperate } from '../access/rules.ts'
import { viewPage } from '../access/view-page.ts'
import { visitOf } from '../access/visit.ts'
import type { Deps } from '../deps.ts'

/** Stands in front of everything below /ops: to anybody but an operator it does not exist. */
export function operatorOnly(deps: Pick<Deps, 'db' | 'clock'>): RequestHandler {
  return async (req, res, next) => {
    const refusal = await viewPage(deps, visitOf(req, res), mayOperate)
    if (refusal) refuse(res, refusal)
    else next()
  }
}
