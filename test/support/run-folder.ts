// The folder of one run of the tests, named after the runner's process: so a later run can clear up after one
// that was killed.
import { chmod, mkdir, mkdtemp, readdir, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPostmaster, programOf } from '../../src/start/postmaster.ts'

const PREFIX = 'portcullis-test-'
const RUN_FOLDER = 'TEST_RUN_FOLDER'
const IN_MEMORY = '/dev/shm'
const ON_DISK = tmpdir()
const PLENTY_BYTES = 2 * 2 ** 30

/**
 * Clears up after killed runs and makes this run's folder, for its temporary files too. A run that makes many
 * databases, each of some 350 small files, wants it in memory, and gets it there if there is plenty.
 */
export async function makeRunFolder(wanted: 'in-memory' | 'on-disk'): Promise<string> {
  await removeLeftovers()
  const parent = wanted === 'in-memory' && (await hasPlenty(IN_MEMORY)) ? IN_MEMORY : ON_DISK
  const folder = join(parent, `${PREFIX}${process.pid}`)
  await mkdir(folder)
  // PostgreSQL may run as another user, who passes through here.
  await chmod(folder, 0o755)
  process.env[RUN_FOLDER] = folder
  process.env.TMPDIR = folder
  return folder
}

async function hasPlenty(folder: string): Promise<boolean> {
  const { bavail = 0, bsize = 0 } = (await statfs(folder).catch(() => null)) ?? {}
  return bavail * bsize >= PLENTY_BYTES
}

/** The folder of the run that this process belongs to. */
export function runFolder(): string {
  const folder = process.env[RUN_FOLDER]
  if (!folder) throw new Error('This is no run of the tests. Run them with: npm test -- <part of a path>')
  return folder
}

/** A new folder inside the run's, for what a test keeps in files. It goes when the run is over. */
export async function testFolder(): Promise<string> {
  const folder = await mkdtemp(join(runFolder(), 'folder-'))
  await chmod(folder, 0o755)
  return folder
}

/** Ends every PostgreSQL whose data are directly below `folder` or a folder in it, and removes it all. */
export async function removeRunFolder(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const postmaster = await findPostmaster(join(folder, name, 'postgres')).catch(() => null)
    if (postmaster) process.kill(postmaster.pid, 'SIGQUIT')
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
}

async function removeLeftovers(): Promise<void> {
  for (const parent of [IN_MEMORY, ON_DISK])
    for (const name of await readdir(parent).catch(() => [])) {
      if (!name.startsWith(PREFIX)) continue
      const pid = Number(name.slice(PREFIX.length))
      const isOver = pid === process.pid || (await programOf(pid)) === null
      // Another person's leftovers are theirs to remove.
      if (isOver) await removeRunFolder(join(parent, name)).catch(() => {})
    }
}
