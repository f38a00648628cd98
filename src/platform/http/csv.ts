// CSV rows (RFC 4180) without formula injection. Pure.
import { stringify } from 'csv-stringify/sync'

export const BYTE_ORDER_MARK = '\uFEFF'

/**
 * OWASP, CSV Injection: a cell is a formula by its first character, after blanks. Some spreadsheets also split cells at
 * semicolons, tabs and line breaks. The wide signs are those of East Asian keyboards.
 */
const BEGINS_FORMULA = /(^|[;\t\r\n])(?=[^\S\t\r\n]*[=+\-@＝＋－＠])/g
const BEGINS_OUTSIDE = /^(?=[\t\r\n])/

export function neutralCell(text: string): string {
  return text.replace(BEGINS_FORMULA, "$1'").replace(BEGINS_OUTSIDE, "'")
}

export function csvRows(rows: readonly (readonly unknown[])[]): string {
  return stringify(
    rows.map((row) => [...row]),
    {
      record_delimiter: 'windows',
      // Some programs split at CR or LF alone, at semicolons or at tabs.
      quoted_match: /[\r\n\t;]/,
      cast: { string: neutralCell, object: (value) => neutralCell(JSON.stringify(value)) },
    },
  )
}
