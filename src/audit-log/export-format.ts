// Audit events as CSV for spreadsheets and as NDJSON for programs. Pure.
import { BYTE_ORDER_MARK, csvRows } from '../platform/http/csv.ts'
import { type EventRow, eventSentence } from './event-sentence.ts'

export const EXPORT_FORMATS = ['csv', 'ndjson'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

export interface Writer {
  contentType: string
  head: string
  write(events: readonly EventRow[]): string
}

const COLUMNS = [
  'id',
  'at',
  'action',
  'outcome',
  'sentence',
  'actorId',
  'actorName',
  'actorEmail',
  'subjectId',
  'subjectName',
  'subjectEmail',
  'address',
  'userAgent',
  'requestId',
  'details',
] as const

export const WRITERS: { readonly [Format in ExportFormat]: Writer } = {
  csv: {
    contentType: 'text/csv; charset=utf-8',
    head: `${BYTE_ORDER_MARK}${csvRows([COLUMNS])}`,
    write: (events) => csvRows(events.map((event) => Object.values(recordOf(event)))),
  },
  ndjson: {
    contentType: 'application/x-ndjson; charset=utf-8',
    head: '',
    write: (events) => events.map((event) => `${JSON.stringify(recordOf(event))}\n`).join(''),
  },
}

function recordOf(event: EventRow): Record<string, unknown> {
  const values = { ...event, at: event.at.toISOString(), sentence: eventSentence(event) }
  return Object.fromEntries(COLUMNS.map((column) => [column, values[column]]))
}
