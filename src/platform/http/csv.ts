// Rows of a CSV file (RFC 4180) that a spreadsheet opens without running what is in it. Pure.
import { stringify } from 'csv-stringify/sync'

/** By the byte order mark spreadsheets know UTF-8: what a file begins with. */
export const BYTE_ORDER_MARK = '\uFEFF'

/**
 * Spreadsheets take a cell for a formula by how it begins: where the text does, and, for those that part cells by
 * semicolons or tabs, behind those and behind line breaks. Blanks before the sign change nothing; the wide signs are
 * those of East Asian keyboards. Source: OWASP, CSV Injection.
 */
const BEGINS_FORMULA = /(^|[;\t\r\n])(?=[^\S\t\r\n]*[=+\-@＝＋－＠])/g
const BEGINS_OUTSIDE = /^(?=[\t\r\n])/

/** The text as no spreadsheet runs it: with an apostrophe before whatever would begin a formula or another cell. */
export function neutralCell(text: string): string {
  return text.replace(BEGINS_FORMULA, "$1'").replace(BEGINS_OUTSIDE, "'")
}

/** The rows as lines. Objects are written as JSON, null as nothing. */
export function csvRows(rows: readonly (readonly unknown[])[]): string {
  return stringify(
    rows.map((row) => [...row]),
    {
      record_delimiter: 'windows',
      // Some readers take either half of a line break for one, and others part cells by semicolons or tabs.
      quoted_match: /[\r\n\t;]/,
      cast: { string: neutralCell, object: (value) => neutralCell(JSON.stringify(value)) },
    },
  )
}
