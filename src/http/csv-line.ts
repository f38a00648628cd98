// A line of a CSV file that a spreadsheet opens without running what is in it. Pure.

/** What a spreadsheet takes for a formula where a cell begins so; a quote before it makes it text. */
const FORMULA = /^[=+\-@\t\r]/

export function csvLine(cells: readonly (string | number)[]): string {
  return `${cells.map(cell).join(',')}\r\n`
}

function cell(value: string | number): string {
  const text = typeof value === 'string' && FORMULA.test(value) ? `'${value}` : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
