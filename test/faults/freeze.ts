import type { Sql } from 'postgres'

/**
 * Stops every process of a PostgreSQL, as a stalled disk or a suspended machine does. It still takes connections and
 * what is sent on them. Returns how to let it go on.
 */
export async function freezePostgres(sql: Sql): Promise<() => void> {
  const connection = await sql.reserve()
  const [own] = await connection<[{ pid: number; postmaster: number }]>`
    select pg_backend_pid() as pid, split_part(pg_read_file('postmaster.pid'), E'\n', 1)::int as postmaster`
  const stopped: number[] = []
  const stop = (pid: number) => {
    process.kill(pid, 'SIGSTOP')
    stopped.push(pid)
  }

  // The postmaster first: from then on there are no new ones.
  stop(own.postmaster)
  const others = await connection<{ pid: number }[]>`
    select pid from pg_stat_activity where pid <> pg_backend_pid() and pid is not null`
  for (const { pid } of others) stop(pid)
  stop(own.pid)
  return () => {
    for (const pid of stopped)
      try {
        process.kill(pid, 'SIGCONT')
      } catch (error) {
        // A worker of PostgreSQL may have ended before it was stopped.
        if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
      }
    connection.release()
  }
}
