import { type SQL, type SQLWrapper, sql } from 'drizzle-orm'

/** Whether lower-case `text` contains `term`, whose case does not matter and whose wildcards mean themselves. */
export function contains(text: SQLWrapper, term: string): SQL {
  return sql`${text} like lower(${`%${term.replace(/[\\%_]/g, '\\$&')}%`})`
}
