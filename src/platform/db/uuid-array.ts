import { type Placeholder, type SQL, sql } from 'drizzle-orm'

/** Ids as one parameter, so that a statement is planned once, whatever their number. As text: the driver knows no arrays. */
export function uuidArray(ids: readonly string[]): SQL {
  return uuidArrayOf(uuidsAsText(ids))
}

/** The same for a prepared statement, whose placeholder is given `uuidsAsText`. */
export function uuidArrayOf(text: string | Placeholder): SQL {
  return sql`string_to_array(${text}, ',')::uuid[]`
}

/** What the placeholder of `uuidArrayOf` is given. */
export function uuidsAsText(ids: readonly string[]): string {
  return ids.join(',')
}
