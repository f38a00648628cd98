// A TCP relay in front of a server: it can stop, or take requests and not answer.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface Relay {
  port: number
  /** 'hangs': connections are taken, and nothing is passed on. 'refuses': connections are closed. */
  mode: 'passes' | 'hangs' | 'refuses'
  close(): void
}

export async function startRelay(targetPort: number): Promise<Relay> {
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('error', () => {}).once('close', () => open.delete(socket))
    if (relay.mode === 'refuses') {
      socket.destroy()
      return
    }
    const target = connect(targetPort, '127.0.0.1')
    target.on('error', () => socket.destroy()).once('close', () => socket.destroy())
    socket.once('close', () => target.destroy())
    target.pipe(socket)
    socket.on('data', (chunk) => {
      if (relay.mode === 'refuses') socket.destroy()
      if (relay.mode === 'passes') target.write(chunk)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const relay: Relay = {
    port: (server.address() as AddressInfo).port,
    mode: 'passes',
    close: () => {
      for (const socket of open) socket.destroy()
      server.close()
    },
  }
  return relay
}
