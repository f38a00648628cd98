import { and, type SQL, type SQLWrapper, sql } from 'drizzle-orm'

/** `text` must be lower case. Wildcards in `term` are literal. */
export function contains(text: SQLWrapper, term: string): SQL {
  return sql`${text} like lower(${`%${literal(term)}%`})`
}

/** Each word of the term, in any order: 'Marchetti Theo' finds Theo Marchetti. */
export function containsWords(text: SQLWrapper, term: string): SQL | undefined {
  return and(...wordsOf(term).map((word) => contains(text, word)))
}

/** Words end at blanks and commas. A term of commas alone is one word. */
function wordsOf(term: string): string[] {
  const words = term.split(/[\s,]+/).filter((word) => word !== '')
  return words.length === 0 ? [term] : words
}

/**
 * `name` must be lower case and in the collation "und-x-icu", where U+FFFF comes after every character. Letters with and
 * without accents are the same beginning, and an index in this order answers it.
 */
export function beginsWith(name: SQLWrapper, term: string): SQL {
  return sql`(${name} >= lower(${term}) and ${name} < lower(${`${term}\uffff`}))`
}

function literal(term: string): string {
  return term.replace(/[\\%_]/g, '\\$&')
}
