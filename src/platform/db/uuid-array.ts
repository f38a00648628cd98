import { type SQL, sql } from 'drizzle-orm'

/** Ids as one parameter, so that the plan does not depend on their number. Drizzle passes no arrays to the driver. */
export function uuidArray(ids: readonly string[]): SQL {
  return sql`string_to_array(${ids.join(',')}, ',')::uuid[]`
}
