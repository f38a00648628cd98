import { createPostgresBackend, Queue, Worker } from 'bullmq'
import { SECOND } from '../durations.ts'
import type { Backend } from './backend.ts'

const PATIENCE_MS = 5 * SECOND

/**
 * BullMQ on PostgreSQL, so that a laptop needs nothing but Node. Each queue and worker has a pool of its own: small
 * ones, or a few processes use up PostgreSQL's connections.
 */
export function openPostgres(connectionString: string, schema: string): Backend {
  const connection = {
    connectionString,
    schema,
    migrate: true,
    connectionTimeoutMillis: PATIENCE_MS,
    query_timeout: 30 * SECOND,
    application_name: 'portcullis-queues',
  }
  // The types differ by backend; what is used of a queue and a worker does not.
  return {
    kind: 'postgres',
    ready: async () => {},
    openQueue: (name, defaultJobOptions) =>
      new Queue(
        name,
        { connection: { ...connection, max: 2 }, defaultJobOptions },
        createPostgresBackend,
      ) as unknown as Queue,
    openWorker: (name, processor, options) =>
      new Worker(
        name,
        processor,
        { ...options, connection: { ...connection, max: 3 } },
        createPostgresBackend,
      ) as unknown as Worker,
    // Not asked: what PostgreSQL does not answer fails by itself.
    connected: () => true,
    close: async () => {},
  }
}
