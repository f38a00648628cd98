import type { RequestHandler } from 'express'
import { actorOf } from '../access/people.ts'
import { refuse } from '../access/refuse.ts'
import { mayOperate } from '../access/rules.ts'
import { personOf } from '../gate/gate.ts'

/** Stands in front of everything below /ops: to anybody but an operator it does not exist. */
export const operatorOnly: RequestHandler = (_req, res, next) => {
  const refusal = mayOperate(actorOf(personOf(res)))
  if (refusal) refuse(res, refusal)
  else next()
}
