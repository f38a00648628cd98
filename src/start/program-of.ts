import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { platform } from 'node:os'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The program that a process runs, as it was called; null if there is no such process. */
export async function programOf(pid: number): Promise<string | null> {
  try {
    if (platform() === 'linux') return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0')[0] || null
    return (await run('ps', ['-p', String(pid), '-o', 'comm='])).stdout.trim() || null
  } catch {
    return null
  }
}
