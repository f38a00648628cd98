import { readMigrationFiles } from 'drizzle-orm/migrator'
import type { Sql } from 'postgres'
import { MIGRATIONS } from './migrate.ts'

export function newestMigration(): number {
  return Math.max(
    ...readMigrationFiles({ migrationsFolder: MIGRATIONS }).map(({ folderMillis }) => folderMillis),
  )
}

export function selectMigrated(sql: Sql, newest: number) {
  return sql<[{ migrated: boolean }]>`
    select coalesce(max(created_at) >= ${newest}, false) and not exists (select from users limit 0) as migrated
    from drizzle.__drizzle_migrations`
}
