// The server of a PostgreSQL data folder, by its file postmaster.pid.
import { execFile } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { platform } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { readIfThere } from './keep-file.ts'

const run = promisify(execFile)

export interface Postmaster {
  pid: number
  port: number
}

/** The running server of this data folder; a stale file of a killed server does not count. */
export async function findPostmaster(cluster: string): Promise<Postmaster | null> {
  const recorded = await recordedPostmaster(cluster)
  return recorded && isPostgres(await programOf(recorded.pid)) ? recorded : null
}

/** Removes a file whose process id belongs to another process or a zombie; PostgreSQL removes other stale files. */
export async function removeMistakenPidFile(cluster: string): Promise<void> {
  const recorded = await recordedPostmaster(cluster)
  if (!recorded) return
  if (isTaken(recorded.pid) && !isPostgres(await programOf(recorded.pid)))
    await rm(pidFileOf(cluster), { force: true })
}

/** The program of a process as it was called; null if there is no such process. */
export async function programOf(pid: number): Promise<string | null> {
  try {
    if (platform() === 'linux') return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0')[0] || null
    return (await run('ps', ['-p', String(pid), '-o', 'comm='])).stdout.trim() || null
  } catch {
    return null
  }
}

function isTaken(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

async function recordedPostmaster(cluster: string): Promise<Postmaster | null> {
  const lines = (await readIfThere(pidFileOf(cluster)))?.split('\n') ?? []
  const [pid, port] = [Number(lines[0]), Number(lines[3])]
  return pid && port ? { pid, port } : null
}

function pidFileOf(cluster: string): string {
  return join(cluster, 'postmaster.pid')
}

function isPostgres(program: string | null): boolean {
  return program !== null && /(^|\/)postgres$/.test(program)
}
