import type { Refused } from '../access/outcome.ts'
import { mayChangeWithin } from '../access/rules.ts'
import type { AccountVerdict } from '../access/verdict.ts'
import { refuseUnknownPage, type Visit, viewAccount } from '../access/visit.ts'
import type { Deps } from '../deps.ts'
import { type Import, readImport } from './imports.queries.ts'

export type ImportView = (Extract<AccountVerdict, { ok: true }> & { found: Import }) | Refused

/** Opens an import to its owner, as long as they may change something in its account. */
export async function viewImport(deps: Deps, visit: Visit, importId: string): Promise<ImportView> {
  const found = await readImport(deps.db, importId, visit.viewer.id)
  if (!found) return refuseUnknownPage(deps, visit, importId)
  const view = await viewAccount(deps, visit, found.clientId, (actor, { relation }) =>
    mayChangeWithin(actor, relation),
  )
  return view.ok ? { ...view, found } : view
}
