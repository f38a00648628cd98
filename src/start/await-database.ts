import { setTimeout as pause } from 'node:timers/promises'
import postgres from 'postgres'
import { readConnection } from '../platform/db/connection.ts'
import { SECOND } from '../platform/time/durations.ts'
import { StartError } from './start-error.ts'

/** Waits until the given database answers. Throws StartError when it answers that it does not want us. */
export async function awaitDatabase(
  url: string,
  stopping: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  const { host } = new URL(url)
  let told = false
  while (!stopping.aborted) {
    const problem = await problemOf(url)
    if (problem === null) return
    if (!told) say(`The database at ${host} does not answer (${problem}); trying on …`)
    told = true
    await pause(SECOND)
  }
  stopping.throwIfAborted()
}

/** A problem that may pass, or null. */
async function problemOf(address: string): Promise<string | null> {
  const { url, ssl } = readConnection(address)
  const sql = postgres(url, { ssl, max: 1, connect_timeout: 5, onnotice: () => {} })
  try {
    await sql`select 1`
    return null
  } catch (error) {
    // 57: starting up or shutting down; 53: no connection left. Anything else does not pass by itself.
    if (error instanceof postgres.PostgresError && !/^5[37]/.test(error.code))
      throw new StartError(`DATABASE_URL does not work: ${error.message}`)
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason'
  } finally {
    await sql.end({ timeout: 1 })
  }
}
