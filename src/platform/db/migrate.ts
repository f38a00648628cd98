import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/postgres-js'
import { migrate } from 'drizzle-orm/postgres-js/migrator'
import postgres from 'postgres'
import { PROJECT_ROOT } from '../project-root.ts'
import { DAY } from '../time/durations.ts'
import { addUuidv7 } from './add-uuidv7.ts'
import { readConnection } from './connection.ts'
import { requireServer } from './require-server.ts'

export const MIGRATIONS = join(PROJECT_ROOT, 'drizzle')

export async function migrateDatabase(address: string): Promise<void> {
  const { url, ssl } = readConnection(address)
  const connection = { statement_timeout: DAY }
  const client = postgres(url, { ssl, max: 1, connect_timeout: 10, onnotice: () => {}, connection })
  try {
    await requireServer(client)
    const db = drizzle(client)
    await db.execute(sql`select pg_advisory_lock(hashtext('portcullis migrations'))`)
    await addUuidv7(db)
    await migrate(db, { migrationsFolder: MIGRATIONS })
  } finally {
    await client.end({ timeout: 5 })
  }
}
