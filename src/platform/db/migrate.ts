import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/postgres-js'
import { migrate } from 'drizzle-orm/postgres-js/migrator'
import postgres from 'postgres'
import { PROJECT_ROOT } from '../project-root.ts'
import { readConnection } from './connection.ts'

export const MIGRATIONS = join(PROJECT_ROOT, 'drizzle')

export async function migrateDatabase(address: string): Promise<void> {
  const { url, ssl } = readConnection(address)
  const client = postgres(url, { ssl, max: 1, connect_timeout: 10, onnotice: () => {} })
  try {
    const db = drizzle(client)
    await db.execute(sql`select pg_advisory_lock(hashtext('portcullis migrations'))`)
    await migrate(db, { migrationsFolder: MIGRATIONS })
  } finally {
    await client.end({ timeout: 5 })
  }
}
