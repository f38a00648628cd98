import type { Refusal } from '../access/refusals.ts'
import { mayChangeWithin } from '../access/rules.ts'
import { type AccountView, viewAccount } from '../access/view-account.ts'
import type { Deps } from '../deps.ts'
import type { Person } from '../gate/facts.ts'
import { type Import, readImport } from './imports.queries.ts'

export type ImportView =
  | (Extract<AccountView, { allowed: true }> & { found: Import })
  | { allowed: false; refusal: Refusal }

/** Opens a file of people to invite to whoever took it in, as long as they may still change something in its account. */
export async function viewImport(deps: Deps, viewer: Person, importId: string): Promise<ImportView> {
  const found = await readImport(deps.db, importId, viewer.id)
  if (!found) return { allowed: false, refusal: 'unknown' }
  const view = await viewAccount(deps, viewer, found.clientId)
  if (!view.allowed) return view
  const refusal = mayChangeWithin(view.actor, view.relation)
  return refusal === null ? { ...view, found } : { allowed: false, refusal }
}
