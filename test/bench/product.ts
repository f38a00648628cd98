// The product as it runs in production, on a database of its own: one web process and one worker process.
import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { open, readFile, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { type EncryptionKey, readEncryptionKeys } from '../../src/config.ts'
import { bulkSeed, type EnrolledUser } from '../../src/demo/bulk-seed.ts'
import { type DatabasePool, openDatabase } from '../../src/platform/db/client.ts'
import { migrateDatabase } from '../../src/platform/db/migrate.ts'
import { startEmbeddedPostgres } from '../../src/start/embedded-postgres.ts'
import { anyFreePort } from '../../src/start/free-port.ts'
import { findPostmaster } from '../../src/start/postmaster.ts'
import { AUDIT_KEYS } from '../support/cluster.ts'
import { SmtpServer } from '../support/smtp-server.ts'

/** One thread a core for hashing, as `npm start` sets it. */
export const HASHING_ENV = { UV_THREADPOOL_SIZE: String(Math.max(2, availableParallelism())) }

export interface Product {
  origin: string
  databaseUrl: string
  /** The bench's own way into the database. */
  database: DatabasePool
  /** A file with the enrolled users, and what signing in as them takes. */
  usersFile: string
  pids: { web: number; postgres: number }
  /** On Redis where its address is given. */
  startWorker(redisUrl?: string): Promise<{ pid: number; stop(): Promise<void> }>
}

/** Fills the database. Returns those who will sign in, in this order. */
export type Seed = (database: DatabasePool, keys: EncryptionKey[]) => Promise<EnrolledUser[]>

export type OnStop = (stop: () => Promise<unknown>) => void

/** Brings up database, users and web. `onStop` collects how to stop what was started; `settings` change its configuration. */
export async function startProduct(
  folder: string,
  seed: Seed,
  onStop: OnStop,
  settings: Record<string, string> = {},
): Promise<Product> {
  const dataDir = join(folder, 'cluster')
  const cluster = await startEmbeddedPostgres(dataDir, {
    settings: ['shared_preload_libraries=pg_stat_statements'],
  })
  onStop(() => cluster.stop('immediate'))
  await migrateDatabase(cluster.url)
  const database = openDatabase(cluster.url, 'portcullis-bench', 2)
  onStop(() => database.close())
  await database.sql`create extension pg_stat_statements`
  const mailServer = await new SmtpServer().start()
  onStop(() => mailServer.stop())

  const keys = `k1:${randomBytes(32).toString('base64')}`
  const usersFile = join(folder, 'users.json')
  await writeFile(usersFile, JSON.stringify(await seed(database, readEncryptionKeys(keys))))

  const port = await anyFreePort()
  const origin = `http://127.0.0.1:${port}`
  const env = {
    PATH: process.env.PATH,
    NODE_ENV: 'production',
    PORT: String(port),
    PUBLIC_URL: origin,
    DATABASE_URL: cluster.url,
    SMTP_URL: mailServer.url,
    MAIL_FROM: 'Portcullis <gate@portcullis.example>',
    SESSION_SECRET: randomBytes(32).toString('base64url'),
    ENCRYPTION_KEYS: keys,
    AUDIT_KEYS,
    LOG_LEVEL: 'info',
    ...settings,
  }
  const start = async (name: string, module: string, extra: NodeJS.ProcessEnv = {}) => {
    const { child, pid } = await startProcess(join(folder, `${name}.log`), module, { ...env, ...extra })
    const stop = () => stopProcess(child)
    onStop(stop)
    return { pid, stop }
  }
  const postmaster = await findPostmaster(join(dataDir, 'postgres'))
  if (!postmaster) throw new Error('PostgreSQL is gone')
  const web = await start('web', '../../src/web.js', HASHING_ENV)
  return {
    origin,
    databaseUrl: cluster.url,
    database,
    usersFile,
    pids: { web: web.pid, postgres: postmaster.pid },
    startWorker: (redisUrl) =>
      start('worker', '../../workers/main.js', redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
  }
}

/** So many users, all active ones enrolled, in as many accounts as come of it; or in so many. */
export function someUsers(users: number, accounts: number | null = null): Seed {
  return async (database, keys) => {
    const enrolled: EnrolledUser[] = []
    await bulkSeed(
      database.db,
      { users, enrolled: users, accounts, into: null },
      { keys, onProgress: () => {}, onEnrolled: (user) => enrolled.push(user) },
    )
    return enrolled
  }
}

/** Only those who are no Admins: their pages are what is measured, and an Admin's home shows a whole account. */
export function withoutAdmins(seed: Seed): Seed {
  return async (database, keys) => {
    const enrolled = await seed(database, keys)
    const rows = await database.sql<{ id: string }[]>`
      select m.user_id as id from memberships m join role_groups r on r.id = m.role_group_id where r.is_admin`
    const admins = new Set(rows.map(({ id }) => id))
    return enrolled.filter(({ id }) => !admins.has(id))
  }
}

async function startProcess(logFile: string, module: string, env: NodeJS.ProcessEnv) {
  const log = await open(logFile, 'a')
  const child = fork(new URL(module, import.meta.url), {
    env,
    stdio: ['ignore', log.fd, log.fd, 'ipc'],
  })
  await log.close()
  const [first] = await Promise.race([once(child, 'message'), once(child, 'exit').then(() => ['ended'])])
  if (first !== 'ready' || child.pid === undefined)
    throw new Error(`${module} does not start:\n${await readFile(logFile, 'utf8')}`)
  return { child, pid: child.pid }
}

async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}
