// One PostgreSQL for a run of the tests, and a database of its own for whoever asks.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import postgres from 'postgres'
import { migrateDatabase } from '../../src/db/migrate.ts'
import { type Cluster, startEmbeddedPostgres } from '../../src/start/embedded-postgres.ts'

const TEMPLATE = 'portcullis_template'
const CLUSTER_URL = 'TEST_CLUSTER_URL'

/** Starts the cluster of a run in `folder`, with a migrated database to copy. It keeps nothing that matters. */
export async function startTestCluster(folder: string): Promise<Cluster> {
  const cluster = await startEmbeddedPostgres(join(folder, 'cluster'), {
    initdb: ['--no-sync'],
    settings: ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=400'],
  })
  await onCluster(cluster.url, (sql) => sql.unsafe(`create database ${TEMPLATE}`))
  await migrateDatabase(databaseAt(cluster.url, TEMPLATE))
  await onCluster(cluster.url, (sql) =>
    sql.unsafe(`alter database ${TEMPLATE} with is_template true allow_connections false`),
  )
  process.env[CLUSTER_URL] = cluster.url
  return cluster
}

export interface TestDatabase {
  url: string
  drop(): Promise<void>
}

/** A migrated, otherwise empty database that nobody else uses. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const clusterUrl = process.env[CLUSTER_URL]
  if (!clusterUrl)
    throw new Error('There is no test cluster. Run the tests with: npm test -- <part of a path>')
  const name = `test_${randomBytes(8).toString('hex')}`
  await onCluster(clusterUrl, (sql) =>
    sql.unsafe(`create database ${name} template ${TEMPLATE} strategy file_copy`),
  )
  return {
    url: databaseAt(clusterUrl, name),
    drop: async () => {
      await onCluster(clusterUrl, (sql) => sql.unsafe(`drop database ${name} with (force)`))
    },
  }
}

async function onCluster(url: string, work: (sql: postgres.Sql) => Promise<unknown>): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    await work(sql)
  } finally {
    await sql.end()
  }
}

function databaseAt(clusterUrl: string, name: string): string {
  const url = new URL(clusterUrl)
  url.pathname = name
  return url.href
}
