// The web process. On SIGTERM it finishes the requests in flight.
import { createApp } from './app.ts'
import { readConfig } from './config.ts'
import { openDeps } from './deps.ts'
import { exportTraces } from './export-traces.ts'
import { checkProvider } from './oidc/check-provider.ts'
import { drainOf } from './platform/http/drain.ts'
import { createHttpServer, listenerOf } from './platform/http/http-server.ts'
import { openQueueEngine } from './platform/outbox/queues.ts'
import { runCommand } from './platform/run-command.ts'
import { SECOND } from './platform/time/durations.ts'
import { ensureSigningKeysInTime } from './signing-keys/ensure-signing-keys.ts'

/** Supervisors kill after 12 seconds. */
const DRAIN = { serveOnMs: SECOND, patienceMs: 9 * SECOND }

await runCommand(serve)
// Open connections would keep a failed process alive.
if (process.exitCode) process.exit()

async function serve(): Promise<void> {
  const config = readConfig(process.env)
  const deps = await openDeps(config, 'web', { mayWait: true, requestMs: config.ANSWER_WITHIN })
  const sendTraces = exportTraces(config, 'web', deps.log)
  await checkProvider(deps)
  let draining = false
  const stopping = new AbortController()
  const signingKeys = ensureSigningKeysInTime(deps, stopping.signal)
  const queues = openQueueEngine(config, deps.log)
  const server = createHttpServer(config.KEEP_ALIVE)
  server.on('request', listenerOf(createApp(deps, { queues, draining: () => draining })))
  const drain = drainOf(server, DRAIN)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(config.PORT, config.HOST, resolve)
  })
  deps.log.info({ host: config.HOST, port: config.PORT }, 'listening')
  process.send?.('ready')

  const stop = async () => {
    if (draining) return
    draining = true
    stopping.abort()
    deps.log.info('stopping')
    await drain()
    await signingKeys
    await queues.close()
    await deps.close()
    await sendTraces()
    if (process.connected) process.disconnect()
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  // `npm start`, the parent process, has ended.
  process.on('disconnect', stop)
}
