import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

export interface DrainTimes {
  /** Requests are still accepted for this time, so that a proxy learns to use another server. */
  serveOnMs: number
  patienceMs: number
}

/**
 * Returns a function that stops the server gracefully. It first serves on with `Connection: close`, so that no proxy
 * sends a request on a closing connection. Then it stops listening and waits for the running requests. It closes idle
 * connections, and unused ones: browsers open them in advance, and Node does not count them as idle.
 */
export function drainOf(server: Server, { serveOnMs, patienceMs }: DrainTimes): () => Promise<void> {
  const open = new Set<Socket>()
  const unused = new Set<Socket>()
  const unanswered = new Set<ServerResponse>()
  let draining = false
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    unused.add(socket)
    socket.once('close', () => {
      open.delete(socket)
      unused.delete(socket)
    })
  })
  server.prependListener('request', ({ socket }: IncomingMessage, res: ServerResponse) => {
    unused.delete(socket)
    unanswered.add(res)
    res.once('close', () => unanswered.delete(res))
    if (draining) announceClose(res)
  })

  return async () => {
    draining = true
    for (const res of unanswered) announceClose(res)
    if (open.size > 0) await pause(serveOnMs)
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    const idle = setInterval(() => server.closeIdleConnections(), 100)
    const deadline = setTimeout(() => server.closeAllConnections(), patienceMs)
    for (const socket of unused) socket.destroy()
    await closed
    clearInterval(idle)
    clearTimeout(deadline)
  }
}

function announceClose(res: ServerResponse): void {
  if (!res.headersSent) res.setHeader('Connection', 'close')
}
