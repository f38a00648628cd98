// A PostgreSQL of its own, with the real web and worker processes on it, to be treated badly.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import postgres from 'postgres'
import type { EncryptionKey } from '../../src/config.ts'
import { bulkSeed, type EnrolledUser } from '../../src/demo/bulk-seed.ts'
import { seedDemoData } from '../../src/demo/seed.ts'
import { type Database, openDatabase } from '../../src/platform/db/client.ts'
import { migrateDatabase } from '../../src/platform/db/migrate.ts'
import { PROJECT_ROOT } from '../../src/platform/project-root.ts'
import { type Cluster, startEmbeddedPostgres } from '../../src/start/embedded-postgres.ts'
import { anyFreePort } from '../../src/start/free-port.ts'
import { builtModule, startProcess, type TestProcess } from '../support/processes.ts'
import { testFolder } from '../support/run-folder.ts'
import { SmtpServer } from '../support/smtp-server.ts'
import { SmallDisk } from './small-disk.ts'

export const WEB = builtModule('src/web.js')
/** The worker with short times: what a killed database held up is taken over within seconds. */
export const SWIFT_WORKER = builtModule('test/workers/worker-process.js')

export interface Product extends Surroundings {
  /** Where each web process listens. */
  origins: string[]
  processes: TestProcess[]
  /** Of the active users. */
  emails: string[]
  enrolled: EnrolledUser[]
}

export interface ProductOptions {
  users?: number
  /** Of these. */
  enrolled?: number
  webs?: number
  worker?: boolean
  logLevel?: string
}

/** Starts everything. `users` are added to the demo data. */
export async function startProduct({
  users = 0,
  enrolled = 0,
  webs = 1,
  worker = false,
  logLevel = 'warn',
}: ProductOptions): Promise<Product> {
  const withApp: EnrolledUser[] = []
  const surroundings = await startSurroundings((db, keys) => addUsers(db, keys, { users, enrolled }, withApp))
  const { sql } = surroundings
  const rows = await sql<
    { email: string }[]
  >`select email from users where status = 'active' and password_hash is not null`

  const env = { ...surroundings.env, LOG_LEVEL: logLevel }
  const ports = await Promise.all(Array.from({ length: webs }, anyFreePort))
  const origins = ports.map((port) => `http://127.0.0.1:${port}`)
  const started = ports.map((port, index) =>
    startProcess(WEB, { ...env, PORT: String(port), PUBLIC_URL: origins[index] }),
  )
  if (worker) started.push(startProcess(SWIFT_WORKER, { ...env, PORT: '1', PUBLIC_URL: origins[0] }))
  await Promise.all(started.map(({ ready }) => ready))

  return {
    ...surroundings,
    origins,
    processes: started,
    emails: rows.map(({ email }) => email),
    enrolled: withApp,
    stop: async () => {
      for (const running of started) running.kill('SIGKILL')
      await surroundings.stop()
    },
  }
}

export interface Surroundings {
  cluster: Cluster
  /** Holds the files of the cluster in 'postgres', and its password. */
  dataDir: string
  /** Of `dataDir`. Null if it has none of its own. */
  disk: SmallDisk | null
  /** For what the test itself asks, as a superuser. */
  sql: postgres.Sql
  mailServer: SmtpServer
  /** What the processes of the product need, besides their addresses. */
  env: Record<string, string>
  stop(): Promise<void>
}

/** A PostgreSQL with the demo data and what `seed` adds, and a mail server. */
export async function startSurroundings(
  seed: (db: Database, keys: readonly EncryptionKey[]) => Promise<void>,
  { ownDisk = false, settings = [] }: { ownDisk?: boolean; settings?: string[] } = {},
): Promise<Surroundings> {
  const dataDir = await testFolder()
  const disk = ownDisk ? SmallDisk.mount(dataDir) : null
  const cluster = await startEmbeddedPostgres(dataDir, { initdb: ['--no-sync'], settings })
  const mailServer = await new SmtpServer().start()
  const key = Buffer.alloc(32, 9)
  const keys = [{ id: 'k1', key }]
  await migrateDatabase(cluster.url)
  const { db, close } = openDatabase(cluster.url, 'test-seed')
  await seedDemoData(db, { clock: { now: () => new Date() }, keys })
  await seed(db, keys)
  await close()
  const sql = postgres(cluster.url, { max: 2, onnotice: () => {}, backoff: () => 0.1 })
  const ownUrl = await addRole(sql, cluster.url)
  return {
    cluster,
    dataDir,
    disk,
    sql,
    mailServer,
    env: {
      DATABASE_URL: ownUrl,
      SMTP_URL: mailServer.url,
      MAIL_FROM: 'Portcullis <gate@portcullis.test>',
      SESSION_SECRET: 'a-secret-for-tests-only-which-is-long-enough',
      ENCRYPTION_KEYS: `k1:${key.toString('base64')}`,
      AUDIT_KEYS: `a1:${key.toString('base64')}`,
      ADDRESS_ATTEMPTS: '100000',
    },
    stop: async () => {
      await sql.end({ timeout: 1 })
      await mailServer.stop()
      await cluster.stop('immediate')
      disk?.unmount()
    },
  }
}

/** The role of the processes, as an operator makes it. Returns its URL. */
async function addRole(sql: postgres.Sql, url: string): Promise<string> {
  const script = await readFile(join(PROJECT_ROOT, 'docs/deploy/roles.sql'), 'utf8')
  await sql`create role portcullis_app login password 'choose-one'`
  await sql.unsafe(script)
  return Object.assign(new URL(url), { username: 'portcullis_app', password: 'choose-one' }).href
}

async function addUsers(
  db: Database,
  keys: readonly EncryptionKey[],
  { users, enrolled }: { users: number; enrolled: number },
  withApp: EnrolledUser[],
): Promise<void> {
  if (users === 0) return
  const request = { users, enrolled, accounts: 3, into: null }
  await bulkSeed(db, request, { keys, onProgress: () => {}, onEnrolled: (user) => withApp.push(user) })
}
