import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

export interface DrainTimes {
  /** How long requests are still taken, so that a proxy learns to go elsewhere. */
  serveOnMs: number
  /** How long what is in flight may take after that. */
  patienceMs: number
}

/**
 * Returns what stops the server in order. It serves on for a moment and announces on each connection that it closes, so
 * that no proxy sends a request on one that is being cut. Then it listens no more and waits for what is in flight.
 * Connections that are only kept alive are closed meanwhile, and those on which nothing was asked yet, which browsers
 * open ahead and Node does not count as idle.
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
    // Without a connection there is no proxy to tell.
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
