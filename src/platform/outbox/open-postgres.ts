import { createPostgresBackend, type PgPool, Queue, runMigrations, Worker } from 'bullmq'
import pg from 'pg'
import { readConnection } from '../db/connection.ts'
import { SECOND } from '../time/durations.ts'
import type { Backend } from './backend.ts'

/** Each worker keeps one to itself to be notified on. */
const MAX_CONNECTIONS = 10

/**
 * BullMQ on PostgreSQL, so that a laptop needs nothing but Node. In the schema `bullmq`, which it makes at the first
 * use.
 */
export function openPostgres(address: string, onError: (error: unknown) => void): Backend {
  const { url, ssl } = readConnection(address)
  const pool = new pg.Pool({
    connectionString: url,
    ssl,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: 5 * SECOND,
    query_timeout: 30 * SECOND,
    keepAlive: true,
    application_name: 'portcullis-queues',
    options: '-c search_path=bullmq',
  })
  pool.on('error', onError)
  // A connection that is cut while it is lent out is nobody's else, and an error that nobody hears ends the process.
  pool.on('connect', (client) => client.on('error', onError))
  let migrated: Promise<void> | undefined

  // The types differ by backend and driver; what is used of them does not.
  const connection = pool as unknown as PgPool
  return {
    kind: 'postgres',
    async ready() {
      if (migrated && !(await isThere(pool))) migrated = undefined
      migrated ??= migrate(pool).catch((error) => {
        migrated = undefined
        throw error
      })
      await migrated
    },
    openQueue: (name, defaultJobOptions) =>
      new Queue(name, { connection, defaultJobOptions }, createPostgresBackend) as unknown as Queue,
    openWorker: (name, processor, options) =>
      new Worker(name, processor, { ...options, connection }, createPostgresBackend) as unknown as Worker,
    // Not asked: what PostgreSQL does not answer fails by itself.
    connected: () => true,
    close: () => pool.end(),
  }
}

/** Somebody may have dropped the schema: then it is made anew, and what is owed comes back from the outbox. */
async function isThere(pool: pg.Pool): Promise<boolean> {
  const { rows } = await pool.query(`select to_regnamespace('bullmq') is not null as "isThere"`)
  return rows[0]?.isThere === true
}

async function migrate(pool: pg.Pool): Promise<void> {
  const client = await pool.connect()
  try {
    await runMigrations(client)
  } finally {
    client.release()
  }
}
