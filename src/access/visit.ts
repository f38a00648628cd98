import type { Request, Response } from 'express'
import type { Deps } from '../deps.ts'
import type { Person } from '../gate/facts.ts'
import { personOf } from '../gate/gate.ts'
import type { Origin } from '../platform/audit/record.ts'
import { originOf } from '../platform/http/origin.ts'
import type { Refused } from './outcome.ts'
import { ownAccount, recordRefusal } from './record-refusal.ts'
import { REFUSALS, type Refusal } from './refusals.ts'
import {
  type AccountTarget,
  type Actor,
  mayChangeWithin,
  mayViewAccount,
  type Relation,
  type Target,
} from './rules.ts'
import {
  type AccountVerdict,
  type Asking,
  decide,
  decideOnAccount,
  decideOnUser,
  type UserVerdict,
  type Verdict,
} from './verdict.ts'

const MAX_PAGE_LENGTH = 200

type Visited = Pick<Deps, 'db' | 'clock'>

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

/** Asks a rule about a page that concerns no other user and no account. A refusal is recorded. */
export function viewPage(
  deps: Visited,
  visit: Visit,
  rule: (actor: Actor) => Refusal | null,
): Promise<Verdict> {
  return decide(askingAs(deps, visit), rule)
}

/** Asks a rule about a page of a user. A refusal is recorded. The command asks again, in its transaction. */
export function viewTarget(
  deps: Visited,
  visit: Visit,
  targetId: string,
  rule: (actor: Actor, target: Target) => Refusal | null,
): Promise<UserVerdict> {
  return decideOnUser(askingAs(deps, visit), targetId, rule)
}

/** Asks a rule about a page of a client account: by default the viewer's own, and whether they may look into it. */
export function viewAccount(
  deps: Visited,
  visit: Visit,
  clientId: string = visit.viewer.clientId,
  rule: (actor: Actor, target: AccountTarget) => Refusal | null = (actor, { relation }) =>
    mayViewAccount(actor, relation),
): Promise<AccountVerdict> {
  return decideOnAccount(askingAs(deps, visit), clientId, rule)
}

export function readOnlyBecause(actor: Actor, relation: Relation): string | null {
  const refusal = mayChangeWithin(actor, relation)
  return refusal && REFUSALS[refusal].sentence
}

/** Refuses a page about an id that is unknown to the viewer. */
export async function refuseUnknownPage(deps: Visited, visit: Visit, asked: string): Promise<Refused> {
  await askingAs(deps, visit).record({ ...ownAccount(visit.viewer), asked }, 'unknown')
  return { ok: false, refusal: 'unknown' }
}

function askingAs({ db, clock }: Visited, { viewer, page, origin }: Visit): Asking {
  const now = clock.now()
  const about = { action: 'access', now, origin, actor: viewer, page } as const
  return {
    db,
    person: viewer,
    now,
    record: (concerned, refusal) =>
      db.transaction((tx) => recordRefusal(tx, { ...about, ...concerned, refusal })),
  }
}
