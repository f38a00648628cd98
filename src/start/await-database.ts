import { setTimeout as pause } from 'node:timers/promises'
import postgres from 'postgres'
import { readConnection } from '../platform/db/connection.ts'
import { SECOND } from '../platform/time/durations.ts'
import { StartError } from './start-error.ts'

/** Waits until the database answers. Throws StartError if it refuses the connection. */
export async function awaitDatabase(
  url: string,
  stopping: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  const { host } = new URL(url)
  let reported = false
  while (!stopping.aborted) {
    const problem = await problemOf(url)
    if (problem === null) return
    if (!reported) say(`The database at ${host} does not answer (${problem}); trying on …`)
    reported = true
    await pause(SECOND)
  }
  stopping.throwIfAborted()
}

async function problemOf(url: string): Promise<string | null> {
  const error = await connectionError(url)
  // 57: starting up or shutting down; 53: no connection left. All other errors are permanent.
  if (error instanceof postgres.PostgresError && !/^5[37]/.test(error.code))
    throw new StartError(`DATABASE_URL does not work: ${error.message}`)
  if (error === null) return null
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason'
}

/** Connects once. Null if the database answers. */
export async function connectionError(address: string): Promise<unknown> {
  const { url, ssl } = readConnection(address)
  const sql = postgres(url, { ssl, max: 1, connect_timeout: 5, onnotice: () => {} })
  try {
    await sql`select 1`
    return null
  } catch (error) {
    return error
  } finally {
    await sql.end({ timeout: 1 })
  }
}
