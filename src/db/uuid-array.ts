import { type SQL, sql } from 'drizzle-orm'

/** Ids as one parameter, so that a statement is planned once, whatever their number. As text: the driver knows no arrays. */
export function uuidArray(ids: readonly string[]): SQL {
  return sql`string_to_array(${ids.join(',')}, ',')::uuid[]`
}
