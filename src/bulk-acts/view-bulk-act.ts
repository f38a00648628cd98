import type { Refused } from '../access/outcome.ts'
import { mayChangeWithin } from '../access/rules.ts'
import type { AccountVerdict } from '../access/verdict.ts'
import { refuseUnknownPage, type Visit, viewAccount } from '../access/visit.ts'
import type { Deps } from '../deps.ts'
import { readBulkAct, type StoredBulkAct } from './bulk-acts.queries.ts'

type BulkActView = (Extract<AccountVerdict, { ok: true }> & { found: StoredBulkAct }) | Refused

/** Opens a bulk act to its owner, as long as they may change something in its account. */
export async function viewBulkAct(deps: Deps, visit: Visit, bulkActId: string): Promise<BulkActView> {
  const found = await readBulkAct(deps.db, bulkActId, visit.viewer.id)
  if (!found) return refuseUnknownPage(deps, visit, bulkActId)
  const view = await viewAccount(deps, visit, found.clientId, (actor, { relation }) =>
    mayChangeWithin(actor, relation),
  )
  return view.ok ? { ...view, found } : view
}
