import { type SQL, type SQLWrapper, sql } from 'drizzle-orm'

/** Whether lower-case `text` contains `term`, whose case does not matter and whose wildcards mean themselves. */
export function contains(text: SQLWrapper, term: string): SQL {
  return sql`${text} like lower(${`%${literal(term)}%`})`
}

/** Whether lower-case `text` begins with `term`; an index in the order of "C" has those side by side. */
export function beginsWith(text: SQLWrapper, term: string): SQL {
  return sql`${text} like lower(${`${literal(term)}%`})`
}

function literal(term: string): string {
  return term.replace(/[\\%_]/g, '\\$&')
}
