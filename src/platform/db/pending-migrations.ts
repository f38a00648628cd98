import { readMigrationFiles } from 'drizzle-orm/migrator'
import type { Sql } from 'postgres'
import { MIGRATIONS } from './migrate.ts'

/** When the newest migration of this build was made, in milliseconds since 1970: by this Drizzle orders them. */
export function newestMigration(): number {
  return Math.max(
    ...readMigrationFiles({ migrationsFolder: MIGRATIONS }).map(({ folderMillis }) => folderMillis),
  )
}

/** Asks whether the database has all migrations up to `newest`. One that has newer ones still has these.
 * Fails if there are no tables at all. */
export function selectMigrated(sql: Sql, newest: number) {
  return sql<[{ migrated: boolean }]>`
    select coalesce(max(created_at) >= ${newest}, false) and not exists (select from users limit 0) as migrated
    from drizzle.__drizzle_migrations`
}
