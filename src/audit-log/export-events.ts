import type { Account } from '../access/view-account.ts'
import type { Deps } from '../deps.ts'
import { type Origin, record } from '../platform/audit/record.ts'
import type { AuditFilters, TypedFilters } from './audit-filters.ts'
import { prepareSearch, readAuditLog } from './audit-log.queries.ts'
import { type ExportFormat, WRITERS } from './export-format.ts'
import type { Looking } from './foreign-names.queries.ts'

/** Small enough that whoever else is served meanwhile waits for milliseconds. */
const BATCH = 1000

export interface ExportRequest {
  account: Account
  actorId: string
  looking: Looking
  format: ExportFormat
  typed: TypedFilters
  filters: AuditFilters
  origin: Origin
  /** Asked before each batch; throws once the file may go on no longer. */
  mayGoOn: () => Promise<void>
}

/** Records an export before any of it leaves. Returns the id of the event: the export ends with those before it. */
export function recordExport(
  { db, clock }: Deps,
  { account, actorId, format, typed, origin }: ExportRequest,
): Promise<string> {
  return db.transaction((tx) =>
    record(tx, {
      at: clock.now(),
      action: 'audit.exported',
      outcome: 'success',
      origin,
      clientId: account.id,
      actorId,
      subjectId: null,
      details: { format, ...given(typed) },
    }),
  )
}

/**
 * The pieces of the file, each read when the one before it was taken. Every batch is a query of its own, so that an
 * export that takes an hour on a slow line holds no connection and no snapshot meanwhile, and no statement runs into
 * its limit. `eventId`: of the export itself, where it begins.
 */
export async function* exportedPieces(
  { db }: Pick<Deps, 'db'>,
  { format, filters, looking, mayGoOn }: Pick<ExportRequest, 'format' | 'filters' | 'looking' | 'mayGoOn'>,
  eventId: string,
): AsyncGenerator<string> {
  const { head, write } = WRITERS[format]
  const search = await prepareSearch(db, filters, looking)
  let piece = head
  for (let after: string | null = eventId; after !== null; ) {
    await mayGoOn()
    const { events, next } = await readAuditLog(db, search && { ...search, after }, looking, BATCH)
    piece += write(events)
    after = next
    if (piece !== '') yield piece
    piece = ''
  }
}

function given(typed: TypedFilters): Partial<TypedFilters> {
  return Object.fromEntries(Object.entries(typed).filter(([, value]) => value !== ''))
}
