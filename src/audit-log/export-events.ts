import type { Account } from '../access/accounts.queries.ts'
import type { Deps } from '../deps.ts'
import { type Origin, record } from '../platform/audit/record.ts'
import type { AuditFilters, TypedFilters } from './audit-filters.ts'
import { prepareSearch, readAuditLog } from './audit-log.queries.ts'
import { type ExportFormat, WRITERS } from './export-format.ts'
import type { LogViewer } from './foreign-names.queries.ts'

/** Small enough that other requests wait only for milliseconds. */
const BATCH = 1000

export interface ExportRequest {
  account: Account
  actorId: string
  viewer: LogViewer
  format: ExportFormat
  typed: TypedFilters
  filters: AuditFilters
  origin: Origin
  /** Called before each batch; throws once the person may no longer read the log. */
  mayGoOn: () => Promise<void>
}

/** Records an export before it begins. Returns the event's id: the file holds the events before it. */
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

/** Reads on demand, a query a batch: a slow download holds no connection, no snapshot and no long statement. */
export async function* exportedPieces(
  { db }: Pick<Deps, 'db'>,
  { format, filters, viewer, mayGoOn }: Pick<ExportRequest, 'format' | 'filters' | 'viewer' | 'mayGoOn'>,
  eventId: string,
): AsyncGenerator<string> {
  const { head, write } = WRITERS[format]
  const search = await prepareSearch(db, filters, viewer)
  let piece = head
  for (let after: string | null = eventId; after !== null; ) {
    await mayGoOn()
    const { events, next } = await readAuditLog(db, search && { ...search, after }, viewer, BATCH)
    piece += write(events)
    after = next
    if (piece !== '') yield piece
    piece = ''
  }
}

function given(typed: TypedFilters): Partial<TypedFilters> {
  return Object.fromEntries(Object.entries(typed).filter(([, value]) => value !== ''))
}
