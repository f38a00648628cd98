import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Returns what stops the server in order: it listens no more and waits for what is in flight, `patienceMs` at most.
 * Connections that are only kept alive are closed meanwhile, and those on which nothing was asked yet, which browsers
 * open ahead and Node does not count as idle.
 */
export function drainOf(server: Server, patienceMs: number): () => Promise<void> {
  const unused = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    unused.add(socket)
    socket.once('close', () => unused.delete(socket))
  })
  server.on('request', ({ socket }: IncomingMessage) => unused.delete(socket))

  return async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    const idle = setInterval(() => server.closeIdleConnections(), 100)
    const deadline = setTimeout(() => server.closeAllConnections(), patienceMs)
    for (const socket of unused) socket.destroy()
    await closed
    clearInterval(idle)
    clearTimeout(deadline)
  }
}
