import type { RequestHandler } from 'express'
import { actorOf } from '../access/people.ts'
import { personOf } from '../gate/gate.ts'
import { navFor } from './nav-for.ts'

/** Gives every page of the dashboard its `nav`. */
export const showNav: RequestHandler = (req, res, next) => {
  const person = personOf(res)
  res.locals.nav = navFor({ ...actorOf(person), ofParent: person.ofParent }, req.path)
  next()
}
