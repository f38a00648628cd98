// What processes use, as the system counts it. CPU time is known on Linux only.
import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { platform } from 'node:os'
import { promisify } from 'node:util'

const run = promisify(execFile)
/** USER_HZ of the Linux ABI, whatever the kernel ticks at. */
const TICKS_A_SECOND = 100

/** Resident memory in MB. */
export async function residentMb(pid: number): Promise<number> {
  if (platform() === 'linux') {
    const status = await readFile(`/proc/${pid}/status`, 'utf8')
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024
  }
  const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(pid)])
  return Number(stdout) / 1024
}

/** CPU milliseconds that a process and its children, ended ones included, have used so far; null off Linux. */
export async function cpuMs(pid: number): Promise<number | null> {
  if (platform() !== 'linux') return null
  let ticks = 0
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => null)
    // The name in brackets may hold anything; the fields begin after it, with the third.
    const fields =
      stat
        ?.slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .map(Number) ?? []
    const [, parent] = fields
    if (Number(name) === pid) ticks += sum(fields.slice(11, 15))
    else if (parent === pid) ticks += sum(fields.slice(11, 13))
  }
  return (ticks / TICKS_A_SECOND) * 1000
}

function sum(figures: readonly number[]): number {
  return figures.reduce((a, b) => a + b, 0)
}

export type Pids = Readonly<Record<string, number>>

/** CPU milliseconds that each process spends on `work`; null off Linux. */
export async function cpuSpentOn<Result>(
  pids: Pids,
  work: () => Promise<Result>,
): Promise<{ result: Result; cpu: Record<string, number | null> }> {
  const before = await each(pids, cpuMs)
  const result = await work()
  const after = await each(pids, cpuMs)
  const cpu = Object.keys(pids).map((name) => {
    const [began, ended] = [before[name] ?? null, after[name] ?? null]
    return [name, began === null || ended === null ? null : ended - began]
  })
  return { result, cpu: Object.fromEntries(cpu) }
}

/** Resident memory of each process now, in MB. */
export function memoryNow(pids: Pids): Promise<Record<string, number>> {
  return each(pids, residentMb)
}

/** The most that each process holds while `work` is done, in MB. */
export async function memoryDuring(
  pids: Pids,
  work: () => Promise<unknown>,
): Promise<Record<string, number>> {
  const most: Record<string, number> = {}
  const look = async () => {
    for (const [name, mb] of Object.entries(await memoryNow(pids))) most[name] = Math.max(most[name] ?? 0, mb)
  }
  // A process that ended is missed by the work itself.
  const timer = setInterval(() => void look().catch(() => {}), 250)
  await work().finally(() => clearInterval(timer))
  await look()
  return most
}

async function each<Value>(
  pids: Pids,
  read: (pid: number) => Promise<Value>,
): Promise<Record<string, Value>> {
  const entries = Object.entries(pids).map(async ([name, pid]) => [name, await read(pid)] as const)
  return Object.fromEntries(await Promise.all(entries))
}
