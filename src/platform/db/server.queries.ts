import { sql } from 'drizzle-orm'
import type { Reader } from './client.ts'

export interface DatabaseServer {
  version: string
  since: Date
  connections: number
  maxConnections: number
}

/** The state of the PostgreSQL server. */
export async function readServer(db: Reader): Promise<DatabaseServer> {
  const [row] = await db.execute<{
    version: string
    since: string
    connections: number
    maxConnections: number
  }>(sql`
    select current_setting('server_version') as version, pg_postmaster_start_time()::text as since,
      (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as connections,
      current_setting('max_connections')::int as "maxConnections"`)
  if (!row) throw new Error('a server always has a state')
  return { ...row, since: new Date(row.since) }
}
