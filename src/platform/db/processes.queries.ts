// The processes of the product, by the names that they give their connections. They need no table and no heartbeat.
import { sql } from 'drizzle-orm'
import { SECOND } from '../time/durations.ts'
import type { Reader } from './client.ts'

export interface RunningProcess {
  name: 'web' | 'worker'
  version: string
  pid: number
  host: string
  since: Date
}

/** Those that are connected to the database, of each host the oldest first. */
export async function readProcesses(db: Reader): Promise<RunningProcess[]> {
  const rows = await db.execute<{
    name: RunningProcess['name']
    version: string
    pid: string
    host: string
    since: string
  }>(sql`
    select distinct part[1] as name, part[2] as version, part[3] as pid, part[4] as host, part[5] as since
    from pg_stat_activity,
      regexp_match(application_name, '^portcullis-(web|worker) ([^ ]+) ([0-9]+) ([^ ]+) ([0-9]+)$') as part
    where datname = current_database() and part is not null
    order by name, host, since, pid`)
  return rows.map(({ pid, since, ...process }) => ({
    ...process,
    pid: Number(pid),
    since: new Date(Number(since) * SECOND),
  }))
}
