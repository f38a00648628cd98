// PostgreSQL refuses to run as root: then it runs as a user who must have access to its programs and data.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, cp, mkdir, readlink, rename, rm, stat, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { installedBinaries, type PostgresBinaries, program } from './postgres-binaries.ts'
import { StartError } from './start-error.ts'

const run = promisify(execFile)

/** For a root whose folders other users may not enter. */
const SHARED_HOME = '/var/lib/portcullis'

export interface Identity {
  uid: number
  gid: number
}

export interface PostgresHome {
  cluster: string
  binaries: PostgresBinaries
  /** Null for the user of this process. */
  user: Identity | null
}

/** `clusterKey` names the cluster in the shared folder: a DATA_DIR that was created again gets a new cluster. */
export async function findPostgresHome(
  dataDir: string,
  clusterKey: string,
  say: (line: string) => void,
): Promise<PostgresHome> {
  const binaries = await installedBinaries()
  const cluster = join(dataDir, 'postgres')
  if (process.getuid?.() !== 0) return { cluster, binaries, user: null }

  const user = await serverUser(cluster)
  const reachesData = await mayEnter(user, dataDir)
  const reachesBinaries = await mayExecute(user, program(binaries, 'postgres'))
  if (reachesData && reachesBinaries) return { cluster, binaries, user }

  const home = {
    cluster: reachesData ? cluster : await sharedCluster(dataDir, clusterKey),
    binaries: reachesBinaries ? binaries : await copyBinaries(binaries),
    user,
  }
  say(
    `PostgreSQL does not run as root and its user cannot enter this folder: it runs from ${home.binaries.root} on ${home.cluster}.`,
  )
  return home
}

async function serverUser(cluster: string): Promise<Identity> {
  const owner = await stat(cluster).catch(() => null)
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid }
  const user = (await lookUp('postgres')) ?? (await lookUp('nobody'))
  if (user) return user
  throw new StartError(
    'PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody. Start as another user, or set DATABASE_URL.',
  )
}

async function lookUp(name: string): Promise<Identity | null> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])])
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
  } catch {
    return null
  }
}

function mayEnter(user: Identity, folder: string): Promise<boolean> {
  return succeeds('sh', ['-c', 'test -x "$0"', folder], user)
}

function mayExecute(user: Identity, file: string): Promise<boolean> {
  return succeeds(file, ['--version'], user)
}

function succeeds(file: string, args: readonly string[], user: Identity): Promise<boolean> {
  return run(file, args, { ...user, cwd: '/' }).then(
    () => true,
    () => false,
  )
}

async function sharedCluster(dataDir: string, clusterKey: string): Promise<string> {
  const link = join(dataDir, 'postgres')
  const made = await readlink(link).catch(() => null)
  const name = createHash('sha256').update(`${dataDir}\n${clusterKey}`).digest('hex').slice(0, 12)
  const cluster = made ?? join(SHARED_HOME, name, 'postgres')
  await openFolder(dirname(cluster))
  if (!made) await symlink(cluster, link)
  return cluster
}

async function copyBinaries(binaries: PostgresBinaries): Promise<PostgresBinaries> {
  const root = join(await openFolder(SHARED_HOME), `postgresql-${binaries.version}`)
  if (await stat(root).catch(() => null)) return { ...binaries, root }
  const draft = `${root}.${process.pid}`
  await rm(draft, { recursive: true, force: true })
  await cp(binaries.root, draft, { recursive: true, verbatimSymlinks: true })
  await run('chmod', ['-R', 'a+rX', draft])
  // Another process may have copied the same files first.
  await rename(draft, root).catch(() => rm(draft, { recursive: true, force: true }))
  return { ...binaries, root }
}

/** Creates a folder that all users may enter, whatever the umask. */
async function openFolder(path: string): Promise<string> {
  await mkdir(path, { recursive: true })
  for (const folder of [SHARED_HOME, path]) await chmod(folder, 0o755)
  return path
}
