// One `npm start` owns a DATA_DIR by an advisory lock: unlike a pid file, it always ends with its process.
import { setTimeout as pause } from 'node:timers/promises'
import postgres, { type Sql } from 'postgres'
import { readConnection } from '../platform/db/connection.ts'
import { SECOND } from '../platform/time/durations.ts'

/** The connection of a killed owner may live a little longer. */
const PATIENCE_MS = 2 * SECOND
const RETRY_EVERY_MS = 100

export interface LockGuard {
  /** Restarts the database before the lock is taken again. */
  onLost: () => Promise<void>
  until: AbortSignal
}

/** Takes the lock called `name`. Returns its release, or null if another process holds it. */
export async function holdLock(
  address: string,
  name: string,
  { onLost, until }: LockGuard,
): Promise<(() => Promise<void>) | null> {
  let held = false
  let released = false
  const { url, ssl } = readConnection(address)
  const sql = postgres(url, {
    ssl,
    max: 1,
    idle_timeout: 0,
    max_lifetime: null,
    connect_timeout: 5,
    onnotice: () => {},
    onclose: () => {
      if (held && !isOver()) void regain()
    },
    connection: { application_name: 'portcullis-start' },
  })

  const isOver = () => released || until.aborted

  async function regain() {
    held = false
    while (!isOver() && !held) {
      await onLost().catch(() => {})
      held = await tryLock(sql, name).catch(() => false)
      if (!held) await pause(SECOND)
    }
  }

  /** An earlier owner that is stopping also stops its database: restart it and try again. */
  function takeLock() {
    return tryLock(sql, name).catch(async (error) => {
      if (until.aborted) throw error
      await onLost()
      await pause(SECOND)
      return tryLock(sql, name)
    })
  }

  const deadline = Date.now() + PATIENCE_MS
  try {
    while (!held && Date.now() < deadline) {
      held = await takeLock()
      if (!held) await pause(RETRY_EVERY_MS)
    }
  } finally {
    if (!held) await sql.end({ timeout: 1 })
  }
  if (!held) return null
  return async () => {
    released = true
    await sql.end({ timeout: 1 })
  }
}

async function tryLock(sql: Sql, name: string): Promise<boolean> {
  const [row] = await sql<
    [{ held: boolean }]
  >`select pg_try_advisory_lock(hashtextextended(${name}, 0)) as held`
  return row.held
}
