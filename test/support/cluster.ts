// One PostgreSQL for a run of the tests, with separate databases in it.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import postgres from 'postgres'
import { readEncryptionKeys } from '../../src/config.ts'
import { seedDemoData } from '../../src/demo/seed.ts'
import { openDatabase } from '../../src/platform/db/client.ts'
import { migrateDatabase } from '../../src/platform/db/migrate.ts'
import { type Cluster, startEmbeddedPostgres } from '../../src/start/embedded-postgres.ts'
import { TestClock } from './clock.ts'

/** A new database has empty tables or the demo data. */
const TEMPLATES = { empty: 'portcullis_empty', demo: 'portcullis_demo' }
/** The keys of every application under test, unless a test is about keys. */
export const ENCRYPTION_KEYS = `k1:${Buffer.alloc(32, 7).toString('base64')}`
export const AUDIT_KEYS = `a1:${Buffer.alloc(32, 9).toString('base64')}`
const CLUSTER_URL = 'TEST_CLUSTER_URL'

/** Starts the cluster of a run in `folder`, with the databases to copy. It keeps nothing that matters. */
export async function startTestCluster(folder: string): Promise<Cluster> {
  const cluster = await startEmbeddedPostgres(join(folder, 'cluster'), {
    initdb: ['--no-sync'],
    settings: [
      'fsync=off',
      'synchronous_commit=off',
      'full_page_writes=off',
      // It may lie in memory.
      'max_wal_size=256MB',
      'max_connections=400',
    ],
  })
  await onCluster(cluster.url, async (sql) => {
    await sql.unsafe(`create database ${TEMPLATES.empty}`)
    await migrateDatabase(databaseAt(cluster.url, TEMPLATES.empty))
    await sql.unsafe(`create database ${TEMPLATES.demo} template ${TEMPLATES.empty}`)
    await addDemoData(databaseAt(cluster.url, TEMPLATES.demo))
    for (const template of Object.values(TEMPLATES))
      await sql.unsafe(`alter database ${template} with is_template true allow_connections false`)
  })
  process.env[CLUSTER_URL] = cluster.url
  return cluster
}

async function addDemoData(url: string): Promise<void> {
  const database = openDatabase(url, 'test-seed')
  await seedDemoData(database.db, { clock: new TestClock(), keys: readEncryptionKeys(ENCRYPTION_KEYS) })
  await database.close()
}

export interface TestDatabase {
  url: string
  drop(): Promise<void>
}

/** A new migrated database. */
export async function createTestDatabase(template: keyof typeof TEMPLATES = 'empty'): Promise<TestDatabase> {
  const clusterUrl = process.env[CLUSTER_URL]
  if (!clusterUrl)
    throw new Error('There is no test cluster. Run the tests with: npm test -- <part of a path>')
  const name = `test_${randomBytes(8).toString('hex')}`
  await onCluster(clusterUrl, (sql) =>
    sql.unsafe(`create database ${name} template ${TEMPLATES[template]} strategy file_copy`),
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
