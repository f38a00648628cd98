import { createServer } from 'node:net'
import { StartError } from './start-error.ts'

const HIGHEST_PORT = 65_535
const LOOPBACK = ['127.0.0.1', 'localhost', '::1']

/** A port that nobody listens on at this moment, chosen by the system. */
export async function anyFreePort(): Promise<number> {
  const port = await listenOnce(0, '127.0.0.1')
  if (typeof port !== 'number') throw new StartError('No port on 127.0.0.1 can be listened on.')
  return port
}

/**
 * The port to listen on: `wanted` if it was set by hand (StartError when it is taken), else `usual` or the next
 * free one after it.
 */
export async function choosePort(
  name: string,
  host: string,
  wanted: number | undefined,
  usual: number,
): Promise<number> {
  if (wanted !== undefined) {
    if (await isFree(wanted, host)) return wanted
    throw new StartError(`${name}=${wanted} is taken on ${host}. Free it or choose another ${name}.`)
  }
  for (let port = usual; port <= HIGHEST_PORT; port += 1) if (await isFree(port, host)) return port
  throw new StartError(`No port from ${usual} on is free on ${host}. Set ${name}.`)
}

async function isFree(port: number, host: string): Promise<boolean> {
  const outcome = await listenOnce(port, host)
  if (outcome === 'EADDRNOTAVAIL' || outcome === 'ENOTFOUND')
    throw new StartError(`HOST=${host} is no address of this machine.`)
  if (outcome === 'EACCES') throw new StartError(`Port ${port} needs rights that this user does not have.`)
  // A browser may take 'localhost' for ::1, where somebody else's server would answer.
  const shadowed = LOOPBACK.includes(host) && (await listenOnce(port, '::1')) === 'EADDRINUSE'
  return typeof outcome === 'number' && !shadowed
}

/** Listens and closes again: the port, or the code of the error. */
function listenOnce(port: number, host: string): Promise<number | string> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address()
      server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : port))
    })
  })
}
