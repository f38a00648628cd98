import { sql } from 'drizzle-orm'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import type { Reader } from './client.ts'
import { MIGRATIONS } from './migrate.ts'

export function newestMigration(): number {
  return Math.max(
    ...readMigrationFiles({ migrationsFolder: MIGRATIONS }).map(({ folderMillis }) => folderMillis),
  )
}

export async function hasMigrations(db: Reader, newest: number): Promise<boolean> {
  const [row] = await db.execute<{ migrated: boolean }>(sql`
    select coalesce(max(created_at) >= ${newest}, false) and not exists (select from users limit 0) as migrated
    from drizzle.__drizzle_migrations`)
  return row?.migrated === true
}
