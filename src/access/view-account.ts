import { eq, sql } from 'drizzle-orm'
import { validate as isUuid } from 'uuid'
import type { Deps } from '../deps.ts'
import { preparedOnce } from '../platform/db/prepared-once.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { relationOf } from './hierarchy.queries.ts'
import { accountTargetOf, actorOf } from './people.ts'
import { recordRefusedVisit } from './record-refusal.ts'
import { REFUSALS, type Refusal } from './refusals.ts'
import { type AccountTarget, type Actor, mayChangeWithin, mayViewAccount, type Relation } from './rules.ts'
import type { Visit } from './visit.ts'

export interface Account {
  id: string
  name: string
  parentId: string | null
  isPlatform: boolean
  suspendedAt: Date | null
}

export const accountColumns = {
  id: clients.id,
  name: clients.name,
  parentId: clients.parentId,
  isPlatform: clients.isPlatform,
  suspendedAt: clients.suspendedAt,
}

export type AccountView =
  | {
      allowed: true
      account: Account
      actor: Actor
      relation: Relation
      target: AccountTarget
      /** For a further rule, about what was asked for: records what it refuses. */
      recordRefusal: (refusal: Refusal) => Promise<void>
    }
  | { allowed: false; refusal: Refusal }

type AccountRule = (actor: Actor, target: AccountTarget) => Refusal | null

/**
 * Opens a client account to a viewer whom the rule allows it, by default to all who may look into it; without an id the
 * viewer's own. A refusal is recorded.
 */
export async function viewAccount(
  deps: Deps,
  visit: Visit,
  clientId: string = visit.viewer.clientId,
  rule: AccountRule = (actor, { relation }) => mayViewAccount(actor, relation),
): Promise<AccountView> {
  const { db } = deps
  const { viewer } = visit
  const [account] = isUuid(clientId) ? await accountQuery(db).execute({ id: clientId }) : []
  const relation = account ? await relationOf(db, viewer.clientId, account.id) : 'elsewhere'
  const concerned = { clientId, relation, subjectId: null }
  const onRecord = (refusal: Refusal) => recordRefusedVisit(deps, visit, concerned, refusal)
  if (!account) {
    await onRecord('unknown')
    return { allowed: false, refusal: 'unknown' }
  }

  const actor = actorOf(viewer)
  const target = accountTargetOf(account, relation)
  const refusal = rule(actor, target)
  if (refusal === null) return { allowed: true, account, actor, relation, target, recordRefusal: onRecord }
  await onRecord(refusal)
  return { allowed: false, refusal }
}

const accountQuery = preparedOnce((db) =>
  db
    .select(accountColumns)
    .from(clients)
    .where(eq(clients.id, sql.placeholder('id')))
    .prepare('view_account'),
)

/** What a page says at its top to somebody who may look and change nothing; null: they may do more. */
export function readOnlyBecause(actor: Actor, relation: Relation): string | null {
  const refusal = mayChangeWithin(actor, relation)
  return refusal && REFUSALS[refusal].sentence
}
