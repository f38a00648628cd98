// The web process: serves until told to stop, then finishes what is in flight.
import { createServer, type Server } from 'node:http'
import { createApp } from './app.ts'
import { ConfigurationError, readConfig } from './config.ts'
import { openDeps } from './deps.ts'
import { SECOND } from './durations.ts'
import { openQueueEngine } from './outbox/queues.ts'

const DRAIN_MS = 10 * SECOND

try {
  await serve()
} catch (error) {
  process.stderr.write(`${error instanceof ConfigurationError ? error.message : String(error)}\n`)
  process.exitCode = 1
}

async function serve(): Promise<void> {
  const config = readConfig(process.env)
  const deps = await openDeps(config, 'web')
  let draining = false
  const queues = openQueueEngine(config, deps.log)
  const server = createServer(createApp(deps, { queues, draining: () => draining }))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(config.PORT, config.HOST, resolve)
  })
  deps.log.info({ host: config.HOST, port: config.PORT }, 'listening')
  process.send?.('ready')

  const stop = async () => {
    if (draining) return
    draining = true
    deps.log.info('stopping')
    await drain(server)
    await queues.close()
    await deps.close()
    if (process.connected) process.disconnect()
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  // Started by `npm start`, which is gone: nobody would stop this process any more.
  process.on('disconnect', stop)
}

/** Stops listening and waits for what is in flight; connections that are only kept alive are closed meanwhile. */
async function drain(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  const idle = setInterval(() => server.closeIdleConnections(), 100)
  const deadline = setTimeout(() => server.closeAllConnections(), DRAIN_MS)
  await closed
  clearInterval(idle)
  clearTimeout(deadline)
}
