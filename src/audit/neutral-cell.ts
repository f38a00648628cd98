// Spreadsheets take a cell for a formula by how it begins. Pure. Source: OWASP, CSV Injection.

/**
 * A cell begins where the text does, and, for spreadsheets that part cells by semicolons or tabs, behind those and
 * behind line breaks. Blanks before the sign change nothing; the wide signs are those of East Asian keyboards.
 */
const BEGINS_FORMULA = /(^|[;\t\r\n])(?=[^\S\t\r\n]*[=+\-@＝＋－＠])/g
const BEGINS_OUTSIDE = /^(?=[\t\r\n])/

/** The text as no spreadsheet runs it: with an apostrophe before whatever would begin a formula or another cell. */
export function neutralCell(text: string): string {
  return text.replace(BEGINS_FORMULA, "$1'").replace(BEGINS_OUTSIDE, "'")
}
