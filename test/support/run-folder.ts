// The folder of one run of the tests, named after the runner's process: so a later run can clear up after one
// that was killed.
import { chmod, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPostmaster } from '../../src/start/postmaster.ts'
import { programOf } from '../../src/start/program-of.ts'

const PREFIX = 'portcullis-test-'
const RUN_FOLDER = 'TEST_RUN_FOLDER'

/** Clears up after killed runs and makes this run's folder. */
export async function makeRunFolder(): Promise<string> {
  await removeLeftovers()
  const folder = join(tmpdir(), `${PREFIX}${process.pid}`)
  await mkdir(folder)
  // PostgreSQL may run as another user, who passes through here.
  await chmod(folder, 0o755)
  process.env[RUN_FOLDER] = folder
  return folder
}

/** A new folder inside the run's, for what a test keeps in files. It goes when the run is over. */
export async function testFolder(): Promise<string> {
  const folder = await mkdtemp(join(process.env[RUN_FOLDER] ?? tmpdir(), 'folder-'))
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
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue
    const pid = Number(name.slice(PREFIX.length))
    const isOver = pid === process.pid || (await programOf(pid)) === null
    // Another person's leftovers are theirs to remove.
    if (isOver) await removeRunFolder(join(tmpdir(), name)).catch(() => {})
  }
}
