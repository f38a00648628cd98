import { createPostgresBackend, type PgPool, Queue, runMigrations, Worker } from 'bullmq'
import pg from 'pg'
import { readConnection } from '../db/connection.ts'
import { SECOND } from '../time/durations.ts'
import type { Backend } from './backend.ts'
import { QUEUES } from './jobs.ts'

/** Each worker holds one, to LISTEN. */
const MAX_CONNECTIONS = 6 + QUEUES.length

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
  // Every queue and every worker adds a listener.
  pool.setMaxListeners(3 * QUEUES.length)
  pool.on('error', onError)
  // The pool does not handle errors of connections in use. An unhandled error ends the process.
  pool.on('connect', (client) => client.on('error', onError))
  let migrated: Promise<void> | undefined

  // The types of the backends differ, the used members do not.
  const connection = pool as unknown as PgPool
  return {
    kind: 'postgres',
    async ready() {
      if (migrated && !(await schemaExists(pool))) migrated = undefined
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
    connected: () => true,
    close: () => pool.end(),
  }
}

/** A dropped schema is created again. The relay restores its jobs from the outbox. */
async function schemaExists(pool: pg.Pool): Promise<boolean> {
  const { rows } = await pool.query(`select to_regnamespace('bullmq') is not null as exists`)
  return rows[0]?.exists === true
}

async function migrate(pool: pg.Pool): Promise<void> {
  const client = await pool.connect()
  try {
    await runMigrations(client)
  } finally {
    client.release()
  }
}
