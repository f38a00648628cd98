// The test processes of one run, and where they stand: for a run that does not end.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SECOND } from '../../src/platform/time/durations.ts'
import { runFolder } from './run-folder.ts'

const REPORT_SIGNAL = 'SIGUSR2'
/** A process that computes without end still reports; one that waits in the kernel does not. */
const REPORT_WITHIN_MS = 5 * SECOND

/** Makes this process one of the run's, which says on a signal what it is doing. */
export function joinRun(): void {
  writeFileSync(join(runFolder(), `process-${process.pid}`), '')
  Object.assign(process.report, {
    directory: runFolder(),
    filename: `report-${process.pid}.json`,
    signal: REPORT_SIGNAL,
    reportOnSignal: true,
  })
}

/** Where each process of the run stands, a line for each frame of its stack, and ends them all. */
export async function endProcesses(): Promise<string[]> {
  const pids = readdirSync(runFolder()).flatMap((name) => name.match(/^process-(\d+)$/)?.[1] ?? [])
  const running = pids.filter((pid) => signal(pid, REPORT_SIGNAL))
  await sleep(REPORT_WITHIN_MS)
  for (const pid of running) signal(pid, 'SIGKILL')
  return pids.flatMap((pid) => [
    `Process ${pid} ${running.includes(pid) ? 'is here:' : 'has exited.'}`,
    ...(running.includes(pid) ? stackOf(pid) : []),
  ])
}

function signal(pid: string, name: NodeJS.Signals): boolean {
  try {
    return process.kill(Number(pid), name)
  } catch {
    return false
  }
}

function stackOf(pid: string): string[] {
  try {
    const report = JSON.parse(readFileSync(join(runFolder(), `report-${pid}.json`), 'utf8'))
    return [report.javascriptStack.message, ...report.javascriptStack.stack].map((line) => `  ${line}`)
  } catch {
    return ['  It does not say.']
  }
}
