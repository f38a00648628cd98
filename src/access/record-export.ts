import type { Deps } from '../deps.ts'
import { type Origin, record } from '../platform/audit/record.ts'
import { given } from '../platform/http/list-query.ts'

interface Export {
  account: { id: string }
  actorId: string
  format: string
  /** The filters as typed. */
  typed: Record<string, string>
  origin: Origin
}

/** Records an export of an account's data before it begins. Returns the event's id. */
export function recordExport(
  { db, clock }: Deps,
  action: 'audit.exported' | 'users.exported',
  { account, actorId, format, typed, origin }: Export,
): Promise<string> {
  return db.transaction((tx) =>
    record(tx, {
      at: clock.now(),
      action,
      outcome: 'success',
      origin,
      clientId: account.id,
      actorId,
      subjectId: null,
      details: { format, ...given(typed) },
    }),
  )
}
