// Reads a CSV file of people to invite. Pure.
import { CsvError, parse } from 'csv-parse/sync'
import { readText } from './read-text.ts'

export const MAX_LINES = 5000

/** Limits the time to parse: millions of commas would block the process for all other requests. */
const MAX_LINE_LENGTH = 10_000
const MAX_DELIMITERS = 10 * MAX_LINES

/** `line` is where the record begins in the file, counted from 1. */
export interface FileLine {
  line: number
  email: string
  name: string
  roleGroups: string
  whole: boolean
}

export type InvitationFile = { lines: FileLine[] } | { problem: string }

const COLUMNS = ['email', 'name', 'rolegroups']
const COLUMNS_WANTED = 'The first line must name the columns: email, name, roleGroups.'
const DELIMITERS = [',', ';', '\t']

/** Returns every line that is not empty, or refuses the whole file. */
export function readInvitationFile(bytes: Uint8Array): InvitationFile {
  const read = readText(bytes)
  if ('problem' in read) return read
  const tooLong = read.text.split('\n').findIndex(({ length }) => length > MAX_LINE_LENGTH)
  if (tooLong !== -1) return { problem: `Line ${tooLong + 1} is far too long for one person.` }
  const delimiter = delimiterOf(read.text)
  if (read.text.split(delimiter, MAX_DELIMITERS + 2).length > MAX_DELIMITERS + 1)
    return { problem: 'It has far too many cells for a list of people.' }
  const records = parseRecords(read.text, delimiter)
  if ('problem' in records) return records
  const [head, ...rest] = records.records
  if (!head) return { problem: `There is nothing in it. ${COLUMNS_WANTED}` }

  const columns = head.cells.map(columnName)
  const unknown = head.cells.find((_, i) => !COLUMNS.includes(columns[i] ?? ''))
  if (unknown !== undefined)
    return { problem: `There is no column “${unknown.slice(0, 100)}”. ${COLUMNS_WANTED}` }
  if (new Set(columns).size !== COLUMNS.length || columns.length !== COLUMNS.length)
    return { problem: COLUMNS_WANTED }
  if (rest.length === 0) return { problem: 'It has no people, only the names of the columns.' }
  if (rest.length > MAX_LINES)
    return { problem: `It names more than ${MAX_LINES} people, the most that can be invited at once.` }

  const [email = 0, name = 0, roleGroups = 0] = COLUMNS.map((column) => columns.indexOf(column))
  return {
    lines: rest.map(({ line, cells }) => ({
      line,
      email: cells[email] ?? '',
      name: cells[name] ?? '',
      roleGroups: cells[roleGroups] ?? '',
      whole: cells.length === COLUMNS.length,
    })),
  }
}

interface ParsedRecord {
  info: { lines: number }
  record: string[]
}

function parseRecords(
  text: string,
  delimiter: string,
): { records: { line: number; cells: string[] }[] } | { problem: string } {
  try {
    const parsed = parse(text, {
      delimiter,
      info: true,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      // The column names and one line too many are enough to refuse the file.
      to: MAX_LINES + 2,
      trim: true,
    }) as unknown as ParsedRecord[]
    // `info.lines` is where a record ends. One with line breaks began before.
    const breaksIn = (cells: string[]) => cells.join('').split('\n').length - 1
    return {
      records: parsed.map(({ info, record }) => ({ line: info.lines - breaksIn(record), cells: record })),
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    const unclosed = error.code === 'CSV_QUOTE_NOT_CLOSED'
    const where = typeof error.lines === 'number' ? ` near line ${error.lines}` : ''
    return {
      problem: unclosed ? `A quotation mark is never closed${where}.` : `It cannot be read as CSV${where}.`,
    }
  }
}

/** Spreadsheets separate by comma, semicolon or tab, depending on the country. */
function delimiterOf(text: string): string {
  const [head = ''] = text.trimStart().split('\n', 1)
  const count = (delimiter: string) => head.split(delimiter).length
  return DELIMITERS.reduce((best, each) => (count(each) > count(best) ? each : best))
}

function columnName(cell: string): string {
  const letters = cell.toLowerCase().replace(/[^a-z]/g, '')
  return letters === 'emailaddress' ? 'email' : letters === 'rolegroup' ? 'rolegroups' : letters
}
