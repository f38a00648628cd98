import { type SQL, type SQLWrapper, sql } from 'drizzle-orm'

/** `text` must be lower case. Wildcards in `term` are literal. */
export function contains(text: SQLWrapper, term: string): SQL {
  return sql`${text} like lower(${`%${literal(term)}%`})`
}

export function beginsWith(text: SQLWrapper, term: string): SQL {
  return sql`${text} like lower(${`${literal(term)}%`})`
}

function literal(term: string): string {
  return term.replace(/[\\%_]/g, '\\$&')
}
