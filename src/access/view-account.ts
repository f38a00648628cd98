import { eq, sql } from 'drizzle-orm'
import { validate as isUuid } from 'uuid'
import { relationOf } from '../clients/hierarchy.queries.ts'
import { preparedOnce } from '../db/prepared-once.ts'
import { clients } from '../db/schema/clients.ts'
import type { Deps } from '../deps.ts'
import type { Person } from '../gate/facts.ts'
import { accountTargetOf, actorOf } from './people.ts'
import type { Refusal } from './refusals.ts'
import { type AccountTarget, type Actor, mayViewAccount, type Relation } from './rules.ts'

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
  | { allowed: true; account: Account; actor: Actor; relation: Relation; target: AccountTarget }
  | { allowed: false; refusal: Refusal }

/** Opens a client account to whoever may look into it; without an id the viewer's own. */
export async function viewAccount({ db }: Deps, viewer: Person, clientId?: string): Promise<AccountView> {
  const id = clientId ?? viewer.clientId
  if (!isUuid(id)) return { allowed: false, refusal: 'unknown' }
  const [account] = await accountQuery(db).execute({ id })
  if (!account) return { allowed: false, refusal: 'unknown' }

  const actor = actorOf(viewer)
  const relation = await relationOf(db, viewer.clientId, account.id)
  const refusal = mayViewAccount(actor, relation)
  if (refusal) return { allowed: false, refusal }
  return { allowed: true, account, actor, relation, target: accountTargetOf(account, relation) }
}

const accountQuery = preparedOnce((db) =>
  db
    .select(accountColumns)
    .from(clients)
    .where(eq(clients.id, sql.placeholder('id')))
    .prepare('view_account'),
)
