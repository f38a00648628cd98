// The order in which `npm start` starts everything; it stops in reverse order.
import { mkdir, realpath } from 'node:fs/promises'
import { availableParallelism, hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { StartConfig } from '../config.ts'
import { migrateDatabase } from '../platform/db/migrate.ts'
import { MODULE_SUFFIX } from '../platform/project-root.ts'
import { SECOND } from '../platform/time/durations.ts'
import { awaitDatabase } from './await-database.ts'
import { banner } from './banner.ts'
import { holdLock } from './data-dir-lock.ts'
import { startDemoApplication } from './demo-application.ts'
import { prepareDemoData } from './demo-data.ts'
import { startEmbeddedPostgres } from './embedded-postgres.ts'
import { anyFreePort, choosePort } from './free-port.ts'
import { keptSecret } from './secrets.ts'
import { StartError } from './start-error.ts'
import { type SupervisedChild, superviseChild } from './supervise-child.ts'
import { withDatabase } from './with-database.ts'

const USUAL_PORT = 3000
const USUAL_INBOX_PORT = 1080
const ORPHANS_GO_WITHIN_MS = 12 * SECOND

const DEMO_MAIL_FROM = 'Portcullis <no-reply@portcullis.example>'

export interface Surroundings {
  env: NodeJS.ProcessEnv
  stopping: AbortSignal
  /** Registers a step of the shutdown. */
  onStop: (stop: () => Promise<void>) => void
  say: (line: string) => void
}

/** Starts everything and prints the banner. Throws StartError for problems that the user can fix. */
export async function bringUp(config: StartConfig, surroundings: Surroundings): Promise<void> {
  const { stopping, onStop, say } = surroundings
  await mkdir(config.DATA_DIR, { recursive: true })
  const dataDir = await realpath(config.DATA_DIR)

  const databaseUrl = await openDataDir(config, dataDir, surroundings)
  stopping.throwIfAborted()
  const port = await choosePort('PORT', config.HOST, config.PORT, USUAL_PORT)
  const catcher = config.SMTP_URL ? null : await startMailCatcher(config, dataDir, surroundings)

  const secrets = {
    SESSION_SECRET: config.SESSION_SECRET?.join(',') ?? (await keptSecret(dataDir, 'session-secret')),
    ENCRYPTION_KEYS: surroundings.env.ENCRYPTION_KEYS || (await keptSecret(dataDir, 'encryption-keys')),
  }
  const AUDIT_KEYS = surroundings.env.AUDIT_KEYS || (await keptSecret(dataDir, 'audit-keys'))
  await migrateDatabase(databaseUrl)
  const content = await withDatabase(databaseUrl, (pool) =>
    prepareDemoData(config, pool, secrets.ENCRYPTION_KEYS),
  )
  stopping.throwIfAborted()

  const address = config.PUBLIC_URL ?? `http://localhost:${port}`
  const env = {
    ...surroundings.env,
    ...secrets,
    PORT: String(port),
    HOST: config.HOST,
    PUBLIC_URL: address,
    DATA_DIR: dataDir,
    DATABASE_URL: databaseUrl,
    SMTP_URL: config.SMTP_URL ?? catcher?.smtpUrl,
    MAIL_FROM: config.MAIL_FROM ?? DEMO_MAIL_FROM,
    LOG_LEVEL: config.LOG_LEVEL,
  }
  const children: SupervisedChild[] = []
  onStop(async () => {
    await Promise.all(children.map((child) => child.stop()))
  })
  children.push(
    superviseChild({
      name: 'web',
      module: new URL(`../web${MODULE_SUFFIX}`, import.meta.url),
      // The thread pool hashes the passwords: see HASHED_AT_A_TIME.
      env: { UV_THREADPOOL_SIZE: String(Math.max(2, availableParallelism())), ...env, AUDIT_KEYS: undefined },
      say,
    }),
  )
  if (catcher) await allReady([catcher.child], stopping)
  children.push(
    superviseChild({
      name: 'worker',
      module: new URL(`../../workers/main${MODULE_SUFFIX}`, import.meta.url),
      env: { ...env, AUDIT_KEYS },
      say,
    }),
  )
  const demo =
    content === 'demo' ? await startDemoApplication(config, { address, dataDir, databaseUrl }, say) : null
  if (demo) children.push(demo.child)
  await allReady(children, stopping)
  say(
    banner({
      demoApplication: demo?.address ?? null,
      address,
      inbox: catcher?.inbox ?? null,
      dataDir,
      ownDatabase: config.DATABASE_URL !== undefined,
      content,
    }),
  )
}

/** Takes the lock on DATA_DIR and returns the URL of its database. */
async function openDataDir(
  config: StartConfig,
  dataDir: string,
  { stopping, onStop, say }: Surroundings,
): Promise<string> {
  const embedded = config.DATABASE_URL === undefined ? await startEmbeddedPostgres(dataDir, { say }) : null
  const url = embedded?.url ?? config.DATABASE_URL ?? ''
  if (!embedded) await awaitDatabase(url, stopping, say)
  // In a shared database the lock's name must be unique to this machine and folder.
  const name = embedded ? 'portcullis start' : `portcullis start ${hostname()} ${dataDir}`
  const release = await holdLock(url, name, { onLost: async () => embedded?.revive(), until: stopping })
  if (!release)
    throw new StartError(
      `Another npm start is running on ${dataDir}. Stop it first, or give this one a DATA_DIR of its own.`,
    )
  onStop(release)
  if (embedded) onStop(() => embedded.stop())
  if (embedded?.adopted) await awaitOrphans(url)
  return url
}

/** The processes of a killed start finish their work first, and keep its port until then. */
async function awaitOrphans(url: string): Promise<void> {
  await withDatabase(url, async ({ sql }) => {
    const deadline = Date.now() + ORPHANS_GO_WITHIN_MS
    while (Date.now() < deadline) {
      const orphans = await sql`
        select 1 from pg_stat_activity where application_name ~ '^portcullis-(web|worker)' limit 1`
      if (orphans.length === 0) return
      await pause(100)
    }
  })
}

async function startMailCatcher(
  config: StartConfig,
  dataDir: string,
  { env, onStop, say }: Surroundings,
): Promise<{ child: SupervisedChild; smtpUrl: string; inbox: string }> {
  const smtpPort = await anyFreePort()
  const inboxPort = await choosePort(
    'MAIL_CATCHER_PORT',
    '127.0.0.1',
    config.MAIL_CATCHER_PORT,
    USUAL_INBOX_PORT,
  )
  const child = superviseChild({
    name: 'mail catcher',
    module: new URL(`mail-catcher${MODULE_SUFFIX}`, import.meta.url),
    args: [String(smtpPort), String(inboxPort), join(dataDir, 'mail')],
    env,
    askToStop: (catcher) => catcher.disconnect(),
    say,
  })
  onStop(() => child.stop())
  return { child, smtpUrl: `smtp://127.0.0.1:${smtpPort}`, inbox: `http://localhost:${inboxPort}` }
}

async function allReady(children: readonly SupervisedChild[], stopping: AbortSignal): Promise<void> {
  const aborted = new Promise<never>((_, reject) => {
    stopping.addEventListener('abort', () => reject(stopping.reason), { once: true })
  })
  await Promise.race([Promise.all(children.map(({ ready }) => ready)), aborted])
}
