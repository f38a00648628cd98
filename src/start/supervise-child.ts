import { type ChildProcess, fork } from 'node:child_process'
import { MINUTE, SECOND } from '../platform/time/durations.ts'
import { StartError } from './start-error.ts'

const FIRST_PAUSE_MS = 0.5 * SECOND
const LONGEST_PAUSE_MS = 30 * SECOND
/** A child that ran this long starts again with the first pause. */
const STEADY_AFTER_MS = MINUTE
const TRIES_TO_COME_UP = 4
/** A child has 10 seconds for running requests, and 2 to exit. */
const STOP_WITHIN_MS = 12 * SECOND

export interface ChildOptions {
  name: string
  module: URL
  args?: readonly string[]
  env: NodeJS.ProcessEnv
  askToStop?: (child: ChildProcess) => void
  say: (line: string) => void
}

export interface SupervisedChild {
  ready: Promise<void>
  stop(): Promise<void>
}

/** Runs a module as a child process and restarts it when it ends. It exits when its IPC channel disconnects. */
export function superviseChild(options: ChildOptions): SupervisedChild {
  const { name, module, args = [], env, say, askToStop = (child) => child.kill('SIGTERM') } = options
  let child: ChildProcess | null = null
  let restart: NodeJS.Timeout | undefined
  let stopping = false
  let cameUp = false
  let failures = 0

  const ready = new Promise<void>((resolve, reject) => {
    launch()

    function launch() {
      const startedAt = Date.now()
      const launched = fork(module, args, {
        env,
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      })
      child = launched
      launched.on('message', (message) => {
        if (message !== 'ready') return
        cameUp = true
        resolve()
      })
      launched.on('error', (error) => say(`${name}: ${error.message}`))
      launched.once('exit', (code, signal) => {
        child = null
        if (stopping) return
        failures = Date.now() - startedAt >= STEADY_AFTER_MS ? 1 : failures + 1
        const how = signal ? `was ended by ${signal}` : `ended with code ${code}`
        if (!cameUp && failures >= TRIES_TO_COME_UP) {
          reject(
            new StartError(`${name} ${how} ${failures} times without coming up. Its own messages are above.`),
          )
          return
        }
        const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS)
        say(`${name} ${how}; starting it again in ${pauseMs / SECOND} s`)
        restart = setTimeout(launch, pauseMs)
      })
    }
  })

  // It may reject before a caller waits for it.
  ready.catch(() => {})

  return {
    ready,
    stop: async () => {
      stopping = true
      clearTimeout(restart)
      if (child) await endChild(child, askToStop)
    },
  }
}

async function endChild(child: ChildProcess, askToStop: (child: ChildProcess) => void): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve))
  askToStop(child)
  const impatience = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
  await ended
  clearTimeout(impatience)
}
