// Who serves a PostgreSQL data folder, by the file that the server keeps there.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { readIfThere } from './keep-file.ts'
import { programOf } from './program-of.ts'

export interface Postmaster {
  pid: number
  port: number
}

/** The server that runs on this data folder; null if none does, whatever a killed one left behind. */
export async function findPostmaster(cluster: string): Promise<Postmaster | null> {
  const noted = await notedPostmaster(cluster)
  return noted && isPostgres(await programOf(noted.pid)) ? noted : null
}

/**
 * Removes the note of a killed server whose number was given to another process meanwhile or that nobody
 * has buried yet, as happens in containers. Any other stale note PostgreSQL removes itself, and more safely.
 */
export async function removeMistakenNote(cluster: string): Promise<void> {
  const noted = await notedPostmaster(cluster)
  if (!noted) return
  if (isTaken(noted.pid) && !isPostgres(await programOf(noted.pid)))
    await rm(noteOf(cluster), { force: true })
}

function isTaken(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

async function notedPostmaster(cluster: string): Promise<Postmaster | null> {
  const lines = (await readIfThere(noteOf(cluster)))?.split('\n') ?? []
  const [pid, port] = [Number(lines[0]), Number(lines[3])]
  return pid && port ? { pid, port } : null
}

function noteOf(cluster: string): string {
  return join(cluster, 'postmaster.pid')
}

function isPostgres(program: string | null): boolean {
  return program !== null && /(^|\/)postgres$/.test(program)
}
