// npm start: the whole product on one machine.
import { once } from 'node:events'
import { ConfigurationError, readStartConfig } from '../config.ts'
import { UnpatchedDriverError } from '../platform/db/client.ts'
import { UnfitServerError } from '../platform/db/require-server.ts'
import { describeError } from '../platform/log.ts'
import { SECOND } from '../platform/time/durations.ts'
import { bringUp } from './bring-up.ts'
import { StartError } from './start-error.ts'

const stop = new AbortController()
const stops: (() => Promise<void>)[] = []

// The handlers stay: a second signal must not kill the shutdown.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort())
// The reader of a pipe may end first.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

// npm cannot pass on SIGKILL: when it dies, stop too.
if (process.env.npm_lifecycle_event) {
  const npm = process.ppid
  setInterval(() => {
    if (process.ppid !== npm) stop.abort()
  }, SECOND).unref()
}

try {
  await bringUp(readStartConfig(process.env), {
    env: process.env,
    stopping: stop.signal,
    onStop: (how) => stops.unshift(how),
    say,
  })
  if (!stop.signal.aborted) await once(stop.signal, 'abort')
} catch (error) {
  if (!stop.signal.aborted) fail(error)
}

stop.abort()
if (stops.length > 0) say('Stopping …')
for (const how of stops) await how().catch(fail)

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function fail(error: unknown): void {
  const kinds = [ConfigurationError, StartError, UnpatchedDriverError, UnfitServerError]
  const expected = error instanceof Error && kinds.some((kind) => error instanceof kind)
  process.stderr.write(`${expected ? error.message : JSON.stringify(describeError(error), null, 2)}\n`)
  process.exitCode = 1
}
