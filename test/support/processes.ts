import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { PROJECT_ROOT } from '../../src/platform/project-root.ts'

export interface TestProcess {
  pid: number
  /** What it wrote so far, errors included. */
  output(): string
  kill(signal: NodeJS.Signals): void
  /** Sends it a message. */
  tell(message: object): void
  /** Resolves with the exit code once it ended; null if a signal ended it. */
  ended: Promise<number | null>
}

/** The path of a module as it runs in production. Tests run through tsx, processes of the product as built. */
export function builtModule(module: string): string {
  return join(PROJECT_ROOT, 'dist', module)
}

/** Starts a module as a process of its own, with exactly this environment. `before` it another module is loaded. */
export function startProcess(
  file: string,
  env: Record<string, string | undefined>,
  before?: string,
): TestProcess & { ready: Promise<void> } {
  const loaded = before ? ['--import', before] : []
  const child = spawn(process.execPath, ['--enable-source-maps', ...loaded, file], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
    })
  const killWithUs = () => child.kill('SIGKILL')
  process.once('exit', killWithUs)
  child.once('exit', () => process.off('exit', killWithUs))
  return {
    pid: child.pid ?? 0,
    output: () => output,
    kill: (signal) => child.kill(signal),
    // It may just have been killed.
    tell: (message) => child.connected && child.send(message, () => {}),
    ended: once(child, 'exit').then(([code]) => code),
    ready: saysReady(child),
  }
}

async function saysReady(child: ChildProcess): Promise<void> {
  const [first] = await Promise.race([once(child, 'message'), once(child, 'exit').then(() => ['it ended'])])
  if (first !== 'ready') throw new Error(`the process did not get ready: ${first}`)
}
