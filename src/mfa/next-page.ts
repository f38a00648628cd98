import type { Request } from 'express'
import type { Deps } from '../deps.ts'
import type { Proofs } from '../gate/facts.ts'
import { proofsOf } from '../gate/gate.ts'
import { ownPath } from '../gate/own-path.ts'

/** Where a page leads on to, from its query. Each of its forms keeps it. */
export function nextOf({ config }: Pick<Deps, 'config'>, req: Request): string | null {
  return ownPath(req.query.next, config.PUBLIC_URL)
}

/** The proofs of a half-way sign-in. What the page leads on to was asked for later than what sign-in leads on to. */
export function proofsWithNext(deps: Pick<Deps, 'config'>, req: Request): Proofs {
  const next = nextOf(deps, req)
  return { ...proofsOf(req), ...(next !== null && { next }) }
}
