import { ownAccount, recordRefusedVisit } from '../access/record-refusal.ts'
import type { Refusal } from '../access/refusals.ts'
import { mayChangeWithin } from '../access/rules.ts'
import { type AccountView, viewAccount } from '../access/view-account.ts'
import type { Visit } from '../access/visit.ts'
import type { Deps } from '../deps.ts'
import { type Import, readImport } from './imports.queries.ts'

export type ImportView =
  | (Extract<AccountView, { allowed: true }> & { found: Import })
  | { allowed: false; refusal: Refusal }

/** Opens a file of people to invite to whoever took it in, as long as they may still change something in its account. */
export async function viewImport(deps: Deps, visit: Visit, importId: string): Promise<ImportView> {
  const { viewer } = visit
  const found = await readImport(deps.db, importId, viewer.id)
  if (!found) {
    await recordRefusedVisit(deps, visit, { ...ownAccount(viewer), asked: importId }, 'unknown')
    return { allowed: false, refusal: 'unknown' }
  }
  const view = await viewAccount(deps, visit, found.clientId, (actor, { relation }) =>
    mayChangeWithin(actor, relation),
  )
  return view.allowed ? { ...view, found } : view
}
