import type { Deps } from '../deps.ts'
import type { AuditFilters } from './audit-filters.ts'
import { prepareSearch, readAuditLog } from './audit-log.queries.ts'
import { type ExportFormat, WRITERS } from './export-format.ts'
import type { LogViewer } from './foreign-names.queries.ts'

/** Small enough that other requests wait only for milliseconds. */
const BATCH = 1000

interface ExportRequest {
  viewer: LogViewer
  format: ExportFormat
  filters: AuditFilters
  /** Called before each batch; throws once the person may no longer read the log. */
  mayGoOn: () => Promise<void>
}

/**
 * The events before the one that records the export. Reads on demand, a query a batch: a slow download holds no
 * connection, no snapshot and no long statement.
 */
export async function* exportedPieces(
  { db }: Pick<Deps, 'db'>,
  { format, filters, viewer, mayGoOn }: ExportRequest,
  eventId: string,
): AsyncGenerator<string> {
  const { head, write } = WRITERS[format]
  const search = await prepareSearch(db, filters, viewer, [viewer.clientId])
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
