import type { Request, Response } from 'express'
import type { Person } from '../gate/facts.ts'
import { personOf } from '../gate/gate.ts'
import type { Origin } from '../platform/audit/record.ts'
import { originOf } from '../platform/http/origin.ts'

const MAX_PAGE_LENGTH = 200

/** A request for a page: who asks, for which one, and from where. */
export interface Visit {
  viewer: Person
  /** As the audit log names it, such as 'GET /users'. */
  page: string
  origin: Origin
}

/** The visit behind a request that the gate let past 'signed-out'. */
export function visitOf(req: Request, res: Response): Visit {
  // Without the query: a search term may be a person's name.
  const [path = ''] = req.originalUrl.split('?')
  const page = `${req.method} ${path}`.slice(0, MAX_PAGE_LENGTH)
  return { viewer: personOf(res), page, origin: originOf(req) }
}
